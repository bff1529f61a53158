import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareFacts } from '../../../src/model/facts.ts';
import { postgresSource } from '../../../src/sources/postgres/source.ts';
import { captureToFiles, FileSafetyCopies, MemoryJournal, testContext } from '../../support/file-backup.ts';
import { destroy, fill, fingerprint, inventory, type NastyServer, startNasty } from './nasty.ts';

let nasty: NastyServer;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'pbs-postgres-'));
  nasty = await startNasty();
  await fill(nasty);
});

afterAll(async () => {
  await nasty?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

test('a database that was dropped with its roles comes back equal', async () => {
  const source = postgresSource(nasty.settings);
  await using context = await testContext();
  const before = await fingerprint(nasty);
  const backup = await captureToFiles(source, directory, context);
  await destroy(nasty);
  const empty = await inventory(nasty);

  const journal = new MemoryJournal();
  await using staged = await source.stage(
    { chain: [backup], target: 'live' },
    journal,
    new FileSafetyCopies(source, directory),
    context,
  );
  expect(await staged.state(context)).toBe('staged');
  expect(compareFacts(backup.facts, await staged.facts(context))).toEqual([]);
  await staged.swap(context);
  expect(await staged.state(context)).toBe('swapped');
  expect(await fingerprint(nasty)).toEqual(before);

  await staged.rollback(context);
  expect(await staged.state(context)).toBe('rolled-back');
  await staged.discard(context);
  expect(await staged.state(context)).toBe('gone');
  expect(await inventory(nasty)).toEqual(empty);
});
