import { stat, statfs } from 'node:fs/promises';
import { BackupError } from '../../base/errors.ts';
import type { Connection } from './connection.ts';

/** Free bytes for a process of ours; undefined where it cannot be told. */
export async function freeBytes(directory: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/** How much is free where the server keeps its data, and how much a restore takes there. */
export interface ServerRoom {
  readonly directory: string;
  readonly free: number;
  /** The database beside the live one, and the write-ahead log that its writing leaves for a while. */
  readonly needed: number;
}

/** Undefined where it cannot be seen: the server is elsewhere, or we may not look into its data directory. */
export async function serverRoom(connection: Connection, bytes: number): Promise<ServerRoom | undefined> {
  const [row] = await connection.query<{ directory: string; log: string }>(
    `SELECT setting AS directory, (SELECT pg_size_bytes(setting || unit) FROM pg_settings WHERE name = 'max_wal_size') AS log
       FROM pg_settings WHERE name = 'data_directory'`, // only superusers and pg_read_all_settings see it
  );
  if (row === undefined || !(await exists(`${row.directory}/PG_VERSION`))) return undefined;
  const free = await freeBytes(row.directory);
  return free === undefined
    ? undefined
    : { directory: row.directory, free, needed: bytes + Math.min(bytes, Number(row.log)) };
}

/**
 * Refuses a restore that the server's disk cannot hold beside the live data, where that disk can be seen: a server whose
 * disk is full ends, and takes the live database with it.
 */
export async function assertRoom(connection: Connection, bytes: number): Promise<void> {
  const room = await serverRoom(connection, bytes);
  if (room === undefined || room.free >= room.needed) return;
  throw new BackupError(`postgres: ${describeRoom(room)}`, { kind: 'no-space', hint: ROOM_HINT });
}

export const ROOM_HINT = 'make room on the disk of the database server, or drop databases that are no longer needed';

export function describeRoom({ directory, free, needed }: ServerRoom): string {
  return `${directory} has ${free} bytes free, the restore needs ${needed}`;
}

async function exists(file: string): Promise<boolean> {
  return await stat(file).then(
    () => true,
    () => false,
  );
}
