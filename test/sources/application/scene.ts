import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { StagedRestore } from '../../../src/model/source.ts';
import { applicationSource } from '../../../src/sources/application/source.ts';
import { captureToFiles, FileJournal, FileSafetyCopies, testContext } from '../../support/file-backup.ts';
import { fingerprint, makeNastyTree } from './nasty.ts';

/** `inside`: the live directory is a mount point, so what it holds is exchanged instead of the directory. */
export type Where = 'beside' | 'inside';

/** Two directories that were captured and then damaged; one of them nasty. */
export async function damagedTrees(where: Where = 'beside') {
  await using stack = new AsyncDisposableStack();
  const context = stack.use(await testContext());
  const uploads = path.join(context.workDir, 'live', 'uploads');
  const models = path.join(context.workDir, 'live', 'models');
  mkdirSync(uploads, { recursive: true });
  if (where === 'inside') {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m,mode=755', 'tmpfs', uploads]);
    stack.defer(() => void execFileSync('umount', [uploads]));
  }
  makeNastyTree(uploads);
  mkdirSync(models);
  writeFileSync(path.join(models, 'one'), '1');
  const settings = {
    paths: [
      { name: 'uploads', path: uploads },
      { name: 'models', path: models },
    ],
  };
  const source = applicationSource(settings);
  const look = (): string[] =>
    [fingerprint(uploads), fingerprint(models)].map((each) => each.replace(/^d \S+ \S+ /, ''));
  const captured = look();
  const backup = await captureToFiles(source, context.workDir, context);
  rmSync(path.join(uploads, 'holes'));
  writeFileSync(path.join(uploads, 'new'), 'since the backup');
  writeFileSync(path.join(models, 'one'), 'changed');
  const damaged = look();
  const journalFile = path.join(context.workDir, 'journal.jsonl');
  const safety = new FileSafetyCopies(source, context.workDir, [backup]);
  const owned = stack.move();
  return {
    context,
    settings,
    source,
    backup,
    captured,
    damaged,
    uploads,
    models,
    look,
    stage(): Promise<StagedRestore> {
      return source.stage({ chain: [backup], target: 'live' }, new FileJournal(journalFile), safety, context);
    },
    /** As the next run does, from the journal alone. */
    attach(): Promise<StagedRestore> {
      const journal = new FileJournal(journalFile);
      return source.attach(journal.last, journal.notes, journal, safety, context);
    },
    async runUntilKilled(verb: 'swap' | 'rollback', point: string): Promise<void> {
      const script = path.join(import.meta.dirname, 'restore-until-killed.ts');
      const args = [script, context.workDir, backup.id, verb, point, JSON.stringify(settings)];
      const child = spawn(process.execPath, args, { stdio: 'inherit' });
      const [, killedBy] = (await once(child, 'exit')) as [number | null, string | null];
      expect(killedBy).toBe('SIGKILL');
    },
    /** Names beside and inside the live directories that are not theirs. */
    leftovers(): string[] {
      const names = [...readdirSync(path.dirname(uploads)), ...readdirSync(uploads)];
      return names.filter((name) => /restore-|replaced-/.test(name));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
