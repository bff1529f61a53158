import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, type Stats } from 'node:fs';
import { type FileHandle, lstat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { giveBack } from '../base/buffers.ts';
import { abortError, BackupError, systemCode, throwIfAborted } from '../base/errors.ts';
import { isTemporaryName } from '../base/files.ts';
import type { Stat, Version } from '../model/store.ts';

/** A rename or a rewrite gives another version: inode, time of change in nanoseconds, and size. */
export function versionOf(stats: Stats): Version {
  return `${stats.ino}-${stats.ctimeMs}-${stats.size}`;
}

export function statOf(key: string, stats: Stats): Stat {
  return {
    key,
    bytes: stats.size,
    version: versionOf(stats),
    get modified() {
      return stats.mtime.toISOString(); // dear, and seldom asked for
    },
  };
}

/** Undefined when there is no such file. */
export async function currentVersion(file: string): Promise<Version | undefined> {
  try {
    return versionOf(await lstat(file));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Paths of all files below `root` + `under` (each empty or ending in a slash), from `root`. Links are not followed. */
export function filesBelow(root: string, under: string): string[] {
  return entriesOf(root + under).flatMap((entry) => {
    if (entry.isDirectory()) return filesBelow(root, `${under}${entry.name}/`);
    return entry.isFile() ? `${under}${entry.name}` : [];
  });
}

function entriesOf(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return [];
    throw error;
  }
}

export function isTemporaryKey(key: string): boolean {
  return key.endsWith('.part') && isTemporaryName(key.slice(key.lastIndexOf('/') + 1));
}

/** What nearly every manifest and proof fits in, with room to spare: such a file is read without asking for its size. */
const usual = Buffer.allocUnsafe(64 * 1024);

/** The whole of a small file; one above the limit is refused. */
export function readWhole(file: string, limit: number): Buffer {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const length = readSync(descriptor, usual, 0, usual.length, 0);
    if (length < usual.length && length <= limit) return Buffer.from(usual.subarray(0, length));
    const { size } = fstatSync(descriptor);
    if (size > limit) throw new BackupError(`${file} has ${size} bytes, more than ${limit}`, { kind: 'damaged' });
    const bytes = Buffer.allocUnsafe(size);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, size, 0));
  } finally {
    closeSync(descriptor);
  }
}

const BATCH_BYTES = 1024 * 1024;

/**
 * Writes a stream to the end of a file; a signal ends it also where the stream gives nothing. `used`: its chunks are
 * freed as they are written.
 */
export async function writeAll(handle: FileHandle, body: Readable, used: boolean, signal: AbortSignal): Promise<void> {
  const abort = (): void => void body.destroy(abortError(signal));
  signal.addEventListener('abort', abort, { once: true });
  try {
    throwIfAborted(signal);
    await writeBatches(handle, body, used);
    throwIfAborted(signal);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Many chunks to one call; resolves when all has been written. */
async function writeBatches(handle: FileHandle, body: Readable, used: boolean): Promise<void> {
  let batch: Buffer[] = [];
  let held = 0;
  const flush = async (): Promise<void> => {
    const chunks = batch;
    batch = [];
    held = 0;
    await writeChunks(handle, chunks);
    if (used) chunks.forEach(giveBack);
  };
  for await (const chunk of body) {
    batch.push(chunk as Buffer);
    held += (chunk as Buffer).length;
    if (held >= BATCH_BYTES) await flush();
  }
  await flush();
}

/** writev(2) may write less than asked, for instance where the disk becomes full; the next call says why. */
async function writeChunks(handle: FileHandle, chunks: readonly Buffer[]): Promise<void> {
  let rest = chunks.filter((chunk) => chunk.length > 0);
  while (rest.length > 0) {
    const { bytesWritten } = await handle.writev(rest);
    rest = dropped(rest, bytesWritten);
  }
}

function dropped(chunks: readonly Buffer[], bytes: number): Buffer[] {
  let skip = bytes;
  return chunks.flatMap((chunk) => {
    const part = chunk.subarray(Math.min(skip, chunk.length));
    skip -= chunk.length - part.length;
    return part.length > 0 ? [part] : [];
  });
}

/** Runs synchronous work as the promise that a contract asks for. */
export function attempt<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work());
  });
}
