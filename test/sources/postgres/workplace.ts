import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Context, ReadableBackup, RestoreJournal, Source, StagedRestore } from '../../../src/model/source.ts';
import { postgresSource } from '../../../src/sources/postgres/source.ts';
import {
  captureToFiles,
  type FileBackup,
  FileSafetyCopies,
  MemoryJournal,
  type TestContext,
  testContext,
} from '../../support/file-backup.ts';
import { fill, type NastyServer, startNasty } from './nasty.ts';

/** A server with nasty data, one backup of it, and a directory. */
export interface Workplace extends AsyncDisposable {
  readonly nasty: NastyServer;
  readonly source: Source;
  readonly directory: string;
  readonly context: TestContext;
  readonly capture: (context?: Context) => Promise<FileBackup>;
  readonly stage: (backup: ReadableBackup, journal?: RestoreJournal, context?: Context) => Promise<StagedRestore>;
  /** Another process, after a crash. */
  readonly attach: (journal: MemoryJournal) => Promise<StagedRestore>;
}

export async function openWorkplace(): Promise<Workplace> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'pbs-postgres-'));
  const nasty = await startNasty();
  const source = postgresSource(nasty.settings);
  const context = await testContext();
  const safety = new FileSafetyCopies(source, directory);
  await fill(nasty);
  return {
    nasty,
    source,
    directory,
    context,
    capture: (given = context) => captureToFiles(source, directory, given),
    stage: (backup, journal = new MemoryJournal(), given = context) =>
      source.stage({ chain: [backup], target: 'live' }, journal, safety, given),
    attach: (journal) => source.attach(journal.last, journal.notes, journal, safety, context),
    [Symbol.asyncDispose]: async () => {
      await context[Symbol.asyncDispose]();
      await nasty[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
