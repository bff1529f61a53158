import { statfs } from 'node:fs/promises';
import { BackupError } from '../../base/errors.ts';
import { availableMemory } from '../../base/memory.ts';

/** Fails with kind `no-space` unless the directory's file system has room for this many bytes. */
export async function assertRoomFor(bytes: number, directory: string): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize >= bytes) return;
  throw new BackupError(
    `redis: ${mebibytes(bytes)} are needed in ${directory}, ${mebibytes(bavail * bsize)} are free`,
    {
      kind: 'no-space',
      hint: 'free space there, or move STATE_DIR to a larger disk',
    },
  );
}

/** Fails with kind `no-space` unless a sandbox can hold this many bytes in memory (the container's limit counts). */
export function assertMemoryFor(bytes: number): void {
  const available = availableMemory();
  if (available >= bytes) return;
  throw new BackupError(
    `redis: the sandbox needs ${mebibytes(bytes)} of memory for this data set, ${mebibytes(available)} are available`,
    {
      kind: 'no-space',
      hint: 'raise the memory limit of the container redis-backup (REDIS_BACKUP_MEMORY in its .env)',
    },
  );
}

export function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 / 1024)} MiB`;
}
