import { type FileHandle, mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import type { Processes } from './processes.ts';

/** A lock of the kernel on an open file: freed when its last holder ends, however it ends. */
export interface FileLock extends AsyncDisposable {
  readonly file: FileHandle;
}

/**
 * Takes a lock with flock(1) on a descriptor of this process, so that it excludes across containers and PID
 * namespaces (docs/format.md, "Locks"). Resolves to undefined when another descriptor holds it. The file is made
 * when it is absent and is never removed.
 */
export async function lockFile(
  name: string,
  mode: 'exclusive' | 'shared',
  processes: Processes,
  signal: AbortSignal,
): Promise<FileLock | undefined> {
  await mkdir(path.dirname(name), { recursive: true, mode: 0o700 });
  const file = await open(name, 'a+', 0o600);
  try {
    const args = [mode === 'exclusive' ? '-x' : '-s', '-n', '-E', '75', '3'];
    const command = { file: 'flock', args, okCodes: [0, 75] };
    const { code } = await processes.start(command, { descriptors: [file.fd] }, signal).ended;
    if (code === 0) return { file, [Symbol.asyncDispose]: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  return undefined;
}
