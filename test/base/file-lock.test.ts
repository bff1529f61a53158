import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { isStill, lockFile } from '../../src/base/file-lock.ts';
import { testProcesses } from '../support/file-backup.ts';

const never = new AbortController().signal;
const exclusive = (name: string) => lockFile(name, 'exclusive', testProcesses, never);

test('excludes a second holder until the first lets go', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'lock-'));
  const name = path.join(directory, 'lock');
  const first = await exclusive(name);
  expect(await exclusive(name)).toBeUndefined();
  await first?.[Symbol.asyncDispose]();
  await using second = await exclusive(name);
  expect(second).toBeDefined();
  await rm(directory, { recursive: true });
});

test('whoever waits on a file that its holder removes never ends up with the lock of a file that is gone', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'lock-'));
  const name = path.join(directory, 'lock');
  const held: boolean[] = [];
  for (let round = 0; round < 20; round += 1) {
    const sweeper = async (): Promise<void> => {
      await using lock = await exclusive(name);
      if (lock !== undefined) await rm(name, { force: true });
    };
    const owner = async (): Promise<void> => {
      await using lock = await exclusive(name);
      if (lock !== undefined) held.push(await isStill(lock.file, name));
    };
    await Promise.all([sweeper(), owner()]);
  }
  expect(held).not.toContain(false);
  await rm(directory, { recursive: true });
});
