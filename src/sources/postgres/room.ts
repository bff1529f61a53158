import { stat, statfs } from 'node:fs/promises';
import { BackupError } from '../../base/errors.ts';
import type { Connection } from './connection.ts';
import type { Properties } from './properties.ts';

/** Free bytes for a process of ours; undefined where it cannot be told. */
export async function freeBytes(directory: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/**
 * Refuses a restore that the server's disk cannot hold, where that disk can be seen from here: the server is on this
 * machine and we may look into its data directory.
 */
export async function assertRoom(connection: Connection, { bytes }: Properties, superuser: boolean): Promise<void> {
  if (!superuser) return;
  const { directory } = await connection.one<{ directory: string }>(
    `SELECT current_setting('data_directory') AS directory`,
  );
  const free = (await isOwn(directory)) ? await freeBytes(directory) : undefined;
  if (free === undefined || free >= bytes) return;
  throw new BackupError(`postgres: ${directory} has ${free} bytes free, the database needs ${bytes}`, {
    kind: 'no-space',
    hint: 'make room on the disk of the database server, or drop databases that are no longer needed',
  });
}

async function isOwn(directory: string): Promise<boolean> {
  return await stat(`${directory}/PG_VERSION`).then(
    () => true,
    () => false,
  );
}
