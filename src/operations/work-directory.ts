import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories } from '../base/directories.ts';
import { lockFile } from '../base/file-lock.ts';
import type { Processes } from '../base/processes.ts';

/** A private directory (0700) of one run. It may hold plaintext, so what a killed run left is removed by the next. */
export interface WorkDirectory extends AsyncDisposable {
  readonly path: string;
}

const LOCK = '.lock';

/**
 * Makes a directory below `parent` and removes those whose run has ended: each run holds the kernel's lock on a file
 * beside its own, which exists as long as the directory may.
 */
export async function openWorkDirectory(
  parent: string,
  prefix: string,
  processes: Processes,
  signal: AbortSignal,
): Promise<WorkDirectory> {
  makeDirectories(parent);
  await sweep(parent, processes, signal);
  const directory = path.join(parent, `${prefix}-${randomBytes(6).toString('hex')}`);
  const lock = await lockFile(directory + LOCK, 'exclusive', processes, signal).catch(async (error: unknown) => {
    await rm(directory + LOCK, { force: true });
    throw error;
  });
  if (lock === undefined) return await openWorkDirectory(parent, prefix, processes, signal); // swept as it was made
  await mkdir(directory, { mode: 0o700 });
  return {
    path: directory,
    async [Symbol.asyncDispose]() {
      await remove(directory);
      await lock[Symbol.asyncDispose]();
    },
  };
}

async function sweep(parent: string, processes: Processes, signal: AbortSignal): Promise<void> {
  const names = await readdir(parent);
  for (const name of names.filter((each) => each.endsWith(LOCK))) {
    const file = path.join(parent, name);
    await using lock = await lockFile(file, 'exclusive', processes, signal);
    if (lock !== undefined) await remove(file.slice(0, -LOCK.length)); // else: its run lives
  }
}

async function remove(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  await rm(directory + LOCK, { force: true });
}
