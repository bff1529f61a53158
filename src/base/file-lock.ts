import { type FileHandle, open, stat } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories } from './directories.ts';
import { BackupError } from './errors.ts';
import { fileError } from './files.ts';
import type { Processes } from './processes.ts';

/** A lock of the kernel on an open file: freed when its last holder ends, however it ends. */
export interface FileLock extends AsyncDisposable {
  readonly file: FileHandle;
}

/**
 * Takes a lock with flock(1) on a descriptor of this process, so that it excludes across containers and PID
 * namespaces (docs/format.md, "Locks"). Resolves to undefined when another descriptor holds it. The file is made
 * when it is absent. One that was removed before we had its lock is nobody's: the lock is taken anew then.
 */
export async function lockFile(
  name: string,
  mode: 'exclusive' | 'shared',
  processes: Processes,
  signal: AbortSignal,
): Promise<FileLock | undefined> {
  makeDirectories(path.dirname(name));
  const file = await open(name, 'a+', 0o600).catch((error: unknown) => {
    throw fileError('opening the lock', name, error);
  });
  try {
    const args = [mode === 'exclusive' ? '-x' : '-s', '-n', '-E', '75', '3'];
    const command = { file: 'flock', args, okCodes: [0, 75] };
    const { code } = await processes.start(command, { descriptors: [file.fd] }, signal).ended;
    if (code === 0 && (await isStill(file, name))) return { file, [Symbol.asyncDispose]: () => file.close() };
    await file.close();
    return code === 0 ? await lockFile(name, mode, processes, signal) : undefined;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Waits for the exclusive lock on an open file; it is given back when the file is closed. Not to be cancelled: what is
 * written under it is short. Fails with kind `busy` when another has kept it for so long.
 */
export async function waitForLock(file: FileHandle, seconds: number, processes: Processes): Promise<void> {
  const command = { file: 'flock', args: ['-x', '-w', String(seconds), '-E', '75', '3'], okCodes: [0, 75] };
  const { code } = await processes.start(command, { descriptors: [file.fd] }, new AbortController().signal).ended;
  if (code === 0) return;
  throw new BackupError(`a file has been locked for ${seconds} s`, { kind: 'busy', hint: 'end who holds it (lsof)' });
}

/** Whether the open file is the one of this name. */
export async function isStill(file: FileHandle, name: string): Promise<boolean> {
  const [held, named] = await Promise.all([file.stat(), stat(name).catch(() => undefined)]);
  return held.ino === named?.ino && held.dev === named.dev;
}
