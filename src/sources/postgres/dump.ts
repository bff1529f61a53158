import { BackupError, throwIfAborted } from '../../base/errors.ts';
import type { Command } from '../../base/processes.ts';
import type { Artifact } from '../../model/backup.ts';
import type { ArtifactSink, Context } from '../../model/source.ts';
import type { BackupType } from '../../model/vocabulary.ts';
import { DUMP, GLOBALS } from './artifacts.ts';
import { Connection } from './connection.ts';
import { lockedTable } from './locks.ts';
import { rightsFindings } from './rights.ts';
import {
  capturePlace,
  clientEnvironment,
  maintenancePlace,
  NO_STATEMENT_TIMEOUT,
  type PostgresSettings,
  type Place,
} from './settings.ts';
import type { Snapshot } from './snapshot.ts';
import { KEPT_ERRORS, toolError } from './tool-errors.ts';

/**
 * Milliseconds that pg_dump waits for a lock on a table. Our own locks are there already, so it waits only behind a
 * session that itself waits for us to end: either that one gives up soon (and lets others in that wait behind it), or we.
 */
const LOCK_WAIT = 10_000;

/** Stores the database as it was at the snapshot. Compression is the sink's. */
export async function dumpDatabase(
  type: BackupType,
  { id, direct, encoding }: Snapshot,
  sink: ArtifactSink,
  settings: PostgresSettings,
  context: Context,
): Promise<Artifact> {
  const command: Command = {
    file: 'pg_dump',
    args: [
      '--format=custom',
      '--compress=0', // the sink compresses
      '--no-password',
      `--encoding=${encoding}`, // whatever the role has set for its sessions
      `--snapshot=${id}`,
      `--lock-wait-timeout=${LOCK_WAIT}`,
      ...(type === 'schema' ? ['--schema-only'] : []),
    ],
    env: { ...clientEnvironment(capturePlace(settings)), ...(direct ? { PGOPTIONS: NO_STATEMENT_TIMEOUT } : {}) },
    keptErrors: KEPT_ERRORS,
  };
  try {
    return await sink.fromProcess(DUMP, command);
  } catch (error) {
    throw await explain(error, settings, context);
  }
}

/** Stores the roles and tablespaces of the server. */
export async function dumpGlobals(
  withPasswords: boolean,
  sink: ArtifactSink,
  settings: PostgresSettings,
): Promise<Artifact> {
  try {
    return await sink.fromProcess(GLOBALS, globalsCommand(maintenancePlace(settings), withPasswords));
  } catch (error) {
    throw toolError(error, 'pg_dumpall');
  }
}

export function globalsCommand(place: Place, withPasswords: boolean): Command {
  return {
    file: 'pg_dumpall',
    args: ['--globals-only', '--encoding=UTF8', '--no-password', ...(withPasswords ? [] : ['--no-role-passwords'])],
    env: clientEnvironment(place),
    keptErrors: KEPT_ERRORS,
  };
}

/** pg_dump says only in words why it failed, so the server is asked again: gone, rights taken away, a table locked. */
async function explain(error: unknown, settings: PostgresSettings, { signal }: Context): Promise<unknown> {
  throwIfAborted(signal);
  try {
    await using connection = await Connection.open(capturePlace(settings), signal);
    const [finding] = await rightsFindings(connection);
    if (finding === undefined) return (await lockedTable(connection, error)) ?? toolError(error, 'pg_dump');
    return new BackupError(`postgres: ${finding.message}`, { kind: 'denied', hint: finding.hint ?? '', cause: error });
  } catch (unreachable) {
    return unreachable;
  }
}
