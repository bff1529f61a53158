import { mkdir } from 'node:fs/promises';
import { testProcesses } from '../file-backup.ts';

const never = new AbortController().signal;

/** Mounts a file system in memory with this much room; gone when disposed of. Needs root. */
export async function mountSmallDisk(directory: string, size: string): Promise<AsyncDisposable> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await testProcesses.run({ file: 'mount', args: ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', directory] }, never);
  return {
    async [Symbol.asyncDispose]() {
      await testProcesses.run({ file: 'umount', args: ['--lazy', directory] }, never);
    },
  };
}

/** Gives a small disk more room, or less. */
export async function resizeSmallDisk(directory: string, size: string): Promise<void> {
  await testProcesses.run({ file: 'mount', args: ['-o', `remount,size=${size}`, directory] }, never);
}
