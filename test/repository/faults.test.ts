import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { LocalStore } from '../../src/stores/local.ts';
import { FaultyStore } from '../support/faulty-store.ts';
import {
  backupFiles,
  backUp,
  compressible,
  never,
  plaintext,
  quiet,
  repositoryIn,
  scratch,
} from '../support/repository.ts';

const DATA = compressible(20_000);

/** How many calls of the store one whole backup makes. */
async function callsOfABackup(): Promise<number> {
  await using directory = await scratch();
  const store = new FaultyStore(new LocalStore(directory.path), 0, 'before');
  await backUp(await repositoryIn(directory.path, { store }), DATA);
  return store.calls;
}

/** Asks the directory itself: a whole backup, or none that can be mistaken for one. */
async function expectWholeOrNone(directory: string): Promise<number> {
  const honest = await repositoryIn(directory);
  const { backups, damaged, gaps } = await honest.history('postgres', never);
  expect([damaged, gaps]).toEqual([[], []]);
  for (const each of backups) {
    expect(await honest.checkIntegrity(each, quiet)).toEqual([]);
    expect((await plaintext(honest.open(each, quiet))).equals(DATA)).toBe(true);
  }
  return backups.length;
}

test.each(['before', 'after'] as const)('a store that fails at any call, %s doing it', async (when) => {
  const calls = await callsOfABackup();
  expect(calls).toBeGreaterThan(15);
  for (let failAt = 1; failAt <= calls; failAt += 1) {
    await using directory = await scratch();
    await repositoryIn(directory.path); // makes the keyring
    const store = new FaultyStore(new LocalStore(directory.path), failAt, when);
    const reported = await repositoryIn(directory.path, { store })
      .then((repository) => backUp(repository, DATA))
      .then(
        () => 'success',
        () => 'failure',
      );
    const whole = await expectWholeOrNone(directory.path);
    expect(whole).toBeGreaterThanOrEqual(reported === 'success' ? 1 : 0);
    await backUp(await repositoryIn(directory.path), DATA);
    expect(await expectWholeOrNone(directory.path)).toBe(whole + 1);
    const files = await backupFiles(directory.path);
    expect(files.filter((file) => file.includes('.part'))).toEqual([]);
    expect(files.filter((file) => !file.endsWith('.proof.json'))).toHaveLength((whole + 1) * 5);
    await sleep(0);
  }
});
