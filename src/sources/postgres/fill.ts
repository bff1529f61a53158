import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from '../../base/processes.ts';
import type { Context, ReadableBackup } from '../../model/source.ts';
import { allEnded } from './all-ended.ts';
import { DUMP, dumpBytes } from './artifacts.ts';
import { freeBytes } from './room.ts';
import { clientEnvironment, NO_STATEMENT_TIMEOUT, type Place } from './settings.ts';
import { type Contents, extractContents, passesOf } from './toc.ts';
import { KEPT_ERRORS, toolError } from './tool-errors.ts';

export interface Filling {
  readonly backup: ReadableBackup;
  readonly place: Place;
  /** Whether all tablespaces of the backup exist. */
  readonly tablespaces: boolean;
}

/** What a crash of the server loses is restored again: the mark that ends the staging is flushed after it all. */
const RESTORE_OPTIONS = `${NO_STATEMENT_TIMEOUT} -c synchronous_commit=off -c default_transaction_read_only=off`;

/** Up to so many jobs, loading while the backup is being read is faster than waiting for a file to load in parallel. */
const STREAMING_JOBS = 2;

/** Restores the dump into an empty database. */
export async function fill(filling: Filling, context: Context): Promise<void> {
  const streaming = context.limits.parallelJobs <= STREAMING_JOBS || !(await fits(filling.backup, context));
  await (streaming ? fillFromStream(filling, context) : fillFromFile(filling, context));
}

async function fits(backup: ReadableBackup, { workDir }: Context): Promise<boolean> {
  const free = await freeBytes(workDir);
  return free !== undefined && free > dumpBytes(backup);
}

/**
 * Tables and rows as the backup is read; then, in parallel, what needs no rows of it (indexes, constraints, triggers),
 * for which the beginning of the dump is enough.
 */
async function fillFromStream(filling: Filling, context: Context): Promise<void> {
  context.progress.step('restore tables');
  const rows = restoreCommand(filling, ['--section=pre-data', '--section=data']);
  const [, contents] = await allEnded([
    explained(filling.backup.toProcess(DUMP, rows)),
    extractContents(filling.backup, context),
  ]);
  await using _ = contents;
  context.progress.step('restore indexes and constraints');
  await restorePasses(filling, ['--section=post-data'], contents, context);
}

/** All in parallel, from a file: pg_restore seeks in it. */
async function fillFromFile(filling: Filling, context: Context): Promise<void> {
  const file = path.join(context.workDir, 'postgres.dump');
  try {
    context.progress.step('read the backup');
    await filling.backup.toFile(DUMP, file);
    context.progress.step('restore');
    await restorePasses(filling, [], { file, passes: await passesOf(file, context) }, context);
  } finally {
    await rm(file, { force: true });
  }
}

async function restorePasses(
  filling: Filling,
  sections: readonly string[],
  { file, passes }: Contents,
  context: Context,
): Promise<void> {
  const jobs = `--jobs=${Math.max(1, context.limits.parallelJobs)}`;
  for (const { list, parallel } of passes) {
    const args = [...(parallel ? [jobs] : []), ...(list === undefined ? [] : [`--use-list=${list}`])];
    const command = restoreCommand(filling, [...sections, ...args, file]);
    await explained(context.processes.start(command, {}, context.signal).ended);
  }
}

function restoreCommand({ place, tablespaces }: Filling, args: readonly string[]): Command {
  return {
    file: 'pg_restore',
    args: [
      '--exit-on-error',
      '--no-password',
      `--dbname=${connectionString(place.database)}`,
      ...(tablespaces ? [] : ['--no-tablespaces']),
      ...args,
    ],
    env: { ...clientEnvironment(place), PGOPTIONS: RESTORE_OPTIONS },
    keptErrors: KEPT_ERRORS,
  };
}

/** A bare name with `=` in it would be taken for a connection string (libpq, "Connection Strings"). */
function connectionString(database: string): string {
  return `dbname='${database.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}

async function explained<T>(ended: Promise<T>): Promise<T> {
  try {
    return await ended;
  } catch (error) {
    throw toolError(error, 'pg_restore');
  }
}
