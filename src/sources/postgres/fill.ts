import { rm } from 'node:fs/promises';
import path from 'node:path';
import { BackupError } from '../../base/errors.ts';
import { type Command, ProcessFailed } from '../../base/processes.ts';
import type { Context, ReadableBackup } from '../../model/source.ts';
import { DUMP } from './artifacts.ts';
import { clientEnvironment, type Place } from './settings.ts';

export interface Filling {
  readonly backup: ReadableBackup;
  readonly place: Place;
  /** Whether all tablespaces of the backup exist. */
  readonly tablespaces: boolean;
}

/** Restores the dump into an empty database; pg_restore works with several connections, for which it needs a file. */
export async function fill(filling: Filling, context: Context): Promise<void> {
  const file = path.join(context.workDir, 'postgres.dump');
  try {
    context.progress.step('read the backup');
    await filling.backup.toFile(DUMP, file);
    context.progress.step('restore');
    const command = restoreCommand(filling, [`--jobs=${Math.max(1, context.limits.parallelJobs)}`, file]);
    await explained(context.processes.start(command, {}, context.signal).ended);
  } finally {
    await rm(file, { force: true });
  }
}

function restoreCommand({ place, tablespaces }: Filling, args: readonly string[]): Command {
  return {
    file: 'pg_restore',
    args: [
      ...['--exit-on-error', '--no-password', `--dbname=${connectionString(place.database)}`],
      ...(tablespaces ? [] : ['--no-tablespaces']),
      ...args,
    ],
    env: { ...clientEnvironment(place), PGOPTIONS: '-c synchronous_commit=off -c default_transaction_read_only=off' },
  };
}

/** A bare name with `=` in it would be taken for a connection string (libpq, "Connection Strings"). */
function connectionString(database: string): string {
  return `dbname='${database.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}

/** pg_restore ends its messages with the statement; what went wrong stands in its first error. */
async function explained<T>(ended: Promise<T>): Promise<T> {
  try {
    return await ended;
  } catch (error) {
    if (!(error instanceof ProcessFailed)) throw error;
    const line = error.stderr.split('\n').find((each) => each.includes('error:')) ?? error.message;
    const noSpace = error.stderr.includes('No space left on device');
    throw new BackupError(`postgres: ${line.replace(/^pg_restore: (error: )?/, 'pg_restore: ')}`, {
      kind: noSpace ? 'no-space' : 'failed',
      cause: error,
      ...(noSpace ? { hint: 'make room on the disk of the database server' } : {}),
    });
  }
}
