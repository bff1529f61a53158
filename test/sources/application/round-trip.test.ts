import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { compareFacts } from '../../../src/model/facts.ts';
import { applicationSource } from '../../../src/sources/application/source.ts';
import { captureToFiles, FileSafetyCopies, MemoryJournal, testContext } from '../../support/file-backup.ts';
import { fingerprint, makeNastyTree } from './nasty.ts';

test('a nasty tree that was captured, lost and restored is the same to the nanosecond', async () => {
  await using context = await testContext();
  const uploads = path.join(context.workDir, 'up loads');
  const models = path.join(context.workDir, 'models');
  makeNastyTree(uploads);
  mkdirSync(models);
  writeFileSync(path.join(models, 'one'), '1');
  const source = applicationSource({
    paths: [
      { name: 'uploads', path: uploads },
      { name: 'models', path: models },
    ],
  });
  const before = [fingerprint(uploads), fingerprint(models)];

  const backup = await captureToFiles(source, context.workDir, context);
  expect(backup.capture).toMatchObject({ consistency: 'consistent', warnings: [] });
  expect(await source.checkContent(backup, context)).toEqual({ errors: [], warnings: [] });
  expect(execFileSync('tar', ['-tf', path.join(backup.directory, 'tar')], { encoding: 'utf8' })).toContain(
    'models/one',
  );

  rmSync(uploads, { recursive: true });
  writeFileSync(path.join(models, 'one'), 'changed');
  const lost = fingerprint(models);
  const safety = new FileSafetyCopies(source, context.workDir, [backup]);
  await using staged = await source.stage({ chain: [backup], target: 'live' }, new MemoryJournal(), safety, context);
  expect(await staged.state(context)).toBe('staged');
  expect(compareFacts(backup.facts, await staged.facts(context))).toEqual([]);
  expect(fingerprint(models)).toBe(lost);

  await staged.swap(context);
  expect(await staged.state(context)).toBe('swapped');
  expect([fingerprint(uploads), fingerprint(models)]).toEqual(before);
  expect(statSync(path.join(uploads, 'only a hole')).blocks).toBeLessThan(100);
  expect(compareFacts(backup.facts, await staged.facts(context))).toEqual([]);

  await staged.rollback(context);
  expect(await staged.state(context)).toBe('rolled-back');
  expect(fingerprint(models)).toBe(lost);
  expect(readdirSync(context.workDir)).not.toContain('up loads');
  await staged.discard(context);
  expect(readdirSync(context.workDir).filter((name) => /\.(restore|replaced)-/.test(name))).toEqual([]);
});

test('after finish nothing but the restored directories is left', async () => {
  await using context = await testContext();
  const uploads = path.join(context.workDir, 'uploads');
  makeNastyTree(uploads);
  const source = applicationSource({ paths: [{ name: 'uploads', path: uploads }] });
  const before = fingerprint(uploads);
  const backup = await captureToFiles(source, context.workDir, context);
  rmSync(path.join(uploads, 'empty'));
  const safety = new FileSafetyCopies(source, context.workDir, [backup]);
  await using staged = await source.stage({ chain: [backup], target: 'live' }, new MemoryJournal(), safety, context);
  await staged.swap(context);
  await staged.swap(context);
  await staged.finish(context);
  await staged.finish(context);
  expect(await staged.state(context)).toBe('finished');
  expect(fingerprint(uploads)).toBe(before);
  expect(readdirSync(context.workDir).filter((name) => name.startsWith('uploads'))).toEqual(['uploads']);
});
