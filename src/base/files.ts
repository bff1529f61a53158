import { randomBytes } from 'node:crypto';
import { link, lstat, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { BackupError, type ErrorKind, reason, systemCode } from './errors.ts';

const KINDS: Readonly<Record<string, ErrorKind>> = {
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EFBIG: 'no-space', // RLIMIT_FSIZE, or a file system's largest file
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
  ENOENT: 'not-found',
  EEXIST: 'exists',
};

const HINTS: Readonly<Partial<Record<ErrorKind, string>>> = {
  'no-space': 'make room on that file system, or run cleanup',
  denied: 'give the user that runs this program the right to write there (uid 1000 in the containers)',
};

/** The system's error on a file as ours: `ENOSPC` becomes `no-space`, `EACCES` becomes `denied`. */
export function fileError(action: string, file: string, cause: unknown): BackupError {
  if (cause instanceof BackupError) return cause;
  const kind = KINDS[systemCode(cause) ?? ''] ?? 'failed';
  const hint = HINTS[kind];
  const details = { kind, cause, ...(hint === undefined ? {} : { hint }) };
  return new BackupError(`${action} ${file} failed: ${reason(cause)}`, details);
}

/** Makes the names in a directory survive a loss of power; a failure is a failure of what is being written. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A hidden name beside the file, for what is not complete yet. */
export function temporaryName(file: string): string {
  const nonce = randomBytes(6).toString('hex');
  return path.join(path.dirname(file), `.${path.basename(file)}.${nonce}.part`);
}

const TEMPORARY = /^\..+\.[0-9a-f]{12}\.part$/;

/** Whether a base name is one that `temporaryName` makes. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY.test(name);
}

/** Writing a small file takes milliseconds; what is this old was left by a run that was killed. */
const ABANDONED_MILLISECONDS = 3_600_000;

/** Removes what runs that were killed left half-written of files in a directory that are named like that. */
export async function sweepUnfinished(directory: string, named: (name: string) => boolean): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!isTemporaryName(name) || !named(name.slice(1).replace(/\.[0-9a-f]{12}\.part$/, ''))) continue;
    const file = path.join(directory, name);
    const modified = (await lstat(file).catch(() => undefined))?.mtimeMs ?? Infinity; // gone: placed meanwhile
    if (Date.now() - modified > ABANDONED_MILLISECONDS) await rm(file, { force: true });
  }
}

/** Replaces a small file as a whole (0600): after a crash it holds the old text or the new. */
export async function replaceFile(file: string, text: string): Promise<void> {
  await place(file, text, rename);
}

/** Creates a small file (0600) as a whole; fails with kind `exists` when another was first. */
export async function createFile(file: string, text: string): Promise<void> {
  await place(file, text, link);
}

async function place(file: string, text: string, into: (from: string, to: string) => Promise<void>): Promise<void> {
  const temporary = temporaryName(file);
  try {
    await writeSynced(temporary, text);
    await into(temporary, file);
    await syncDirectory(path.dirname(file));
  } catch (error) {
    throw fileError('writing', file, error);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function writeSynced(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
