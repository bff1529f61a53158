import { readdirSync, type Stats } from 'node:fs';
import { type FileHandle, lstat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { abortError, systemCode, throwIfAborted } from '../base/errors.ts';
import type { Stat, Version } from '../model/store.ts';

/** A rename or a rewrite gives another version: inode, time of change in nanoseconds, and size. */
export function versionOf(stats: Stats): Version {
  return `${stats.ino}-${stats.ctimeMs}-${stats.size}`;
}

export function statOf(key: string, stats: Stats): Stat {
  return { key, bytes: stats.size, modified: stats.mtime.toISOString(), version: versionOf(stats) };
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

/** Relative paths of all files below a directory; none when it does not exist. Links are not followed. */
export function filesBelow(directory: string, under = ''): string[] {
  return entriesOf(path.join(directory, under)).flatMap((entry) => {
    const name = path.join(under, entry.name);
    if (entry.isDirectory()) return filesBelow(directory, name);
    return entry.isFile() ? [name] : [];
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

const BATCH_BYTES = 1024 * 1024;

/** Writes a stream to the end of a file; a signal ends it also where the stream gives nothing. */
export async function writeAll(handle: FileHandle, body: Readable, signal: AbortSignal): Promise<void> {
  const abort = (): void => void body.destroy(abortError(signal));
  signal.addEventListener('abort', abort, { once: true });
  try {
    throwIfAborted(signal);
    await writeBatches(handle, body);
    throwIfAborted(signal);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Many chunks to one call; resolves when all has been written. */
async function writeBatches(handle: FileHandle, body: Readable): Promise<void> {
  let batch: Buffer[] = [];
  let held = 0;
  const flush = async (): Promise<void> => {
    const chunks = batch;
    batch = [];
    held = 0;
    await writeChunks(handle, chunks);
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
