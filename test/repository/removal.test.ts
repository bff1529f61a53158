import { cp, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reason } from '../../src/base/errors.ts';
import type { Log } from '../../src/base/log.ts';
import type { Store } from '../../src/model/store.ts';
import { cleanUp } from '../../src/operations/cleanup.ts';
import type { Repository } from '../../src/repository/repository.ts';
import type { StoredBackup } from '../../src/repository/stored-backup.ts';
import { LocalStore } from '../../src/stores/local.ts';
import { FaultyStore } from '../support/faulty-store.ts';
import { outcomeOf } from '../support/manifests.ts';
import {
  backupFiles,
  BODY,
  chunksOf,
  DUMP,
  never,
  PLAIN,
  quiet,
  repositoryIn,
  type Scratch,
  scratch,
} from '../support/repository.ts';

const ALL = 4;
const GO = 2;

let prepared: Scratch;
beforeAll(async () => {
  prepared = await scratch();
  const repository = await repositoryIn(prepared.path, { seal: PLAIN });
  for (let count = 0; count < ALL; count += 1) await another(repository);
});
afterAll(() => prepared[Symbol.asyncDispose]());

async function another(repository: Repository): Promise<void> {
  await using lock = await repository.lock('postgres', never);
  await using draft = await repository.draft('postgres', 'daily', lock, quiet);
  await draft.fromChunks(DUMP, chunksOf(Buffer.from('some rows')));
  const stored = await draft.commit(BODY);
  await repository.recordOutcome(stored, outcomeOf('content', true), never);
}

async function copy(): Promise<Scratch> {
  const directory = await scratch();
  await cp(prepared.path, directory.path, { recursive: true });
  return directory;
}

/** Removes the oldest; says of which the repository said that they are gone. */
async function removeOldest(directory: string, store?: Store): Promise<{ gone: string[]; error: unknown }> {
  const gone: string[] = [];
  const error = await (async () => {
    const repository = await repositoryIn(directory, store === undefined ? {} : { store });
    const { backups } = await repository.history('postgres', never);
    const wanted = backups.slice(0, backups.length - (ALL - GO)).map((backup) => ({ backup, why: 'older' }));
    await using lock = await repository.lock('postgres', never);
    await repository.removeAll(wanted, lock, ({ manifest }) => void gone.push(manifest.id), never);
  })().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { gone, error };
}

interface Recorded {
  readonly id: string;
  readonly pending?: true;
}

async function recordedIn(directory: string): Promise<readonly Recorded[]> {
  const text = await readFile(path.join(directory, 'postgres', 'removals.json'), 'utf8').catch(() => '');
  const line = /^\{"removals":(.*),$/m.exec(text)?.[1] ?? '{"removed":[]}';
  return (JSON.parse(line) as { removed: Recorded[] }).removed;
}

async function look(directory: string): Promise<{ backups: readonly StoredBackup[]; ids: string[] }> {
  const repository = await repositoryIn(directory);
  const { backups, damaged, gaps } = await repository.history('postgres', never);
  expect({ damaged, gaps }).toEqual({ damaged: [], gaps: [] });
  const listing = await repository.listing('postgres', never);
  expect({ gaps: listing.gaps, missing: listing.missing }).toEqual({ gaps: [], missing: 0 });
  for (const each of backups) expect(await repository.checkIntegrity(each, quiet)).toEqual([]);
  return { backups, ids: backups.map(({ manifest }) => manifest.id) };
}

test('what was removed is on record, and nothing of it is under way', async () => {
  await using directory = await copy();
  const before = (await look(directory.path)).ids;
  const { gone, error } = await removeOldest(directory.path);
  expect({ gone, error }).toEqual({ gone: before.slice(0, GO), error: undefined });
  expect((await look(directory.path)).ids).toEqual(before.slice(GO));
  const recorded = await recordedIn(directory.path);
  expect(recorded.map(({ id, pending }) => ({ id, pending }))).toEqual(gone.map((id) => ({ id, pending: undefined })));
});

async function callsOfARemoval(): Promise<number> {
  await using directory = await copy();
  const store = new FaultyStore(new LocalStore(directory.path), 0, 'before');
  await removeOldest(directory.path, store);
  return store.calls;
}

test.each(['before', 'after'] as const)(
  'a store that fails at any call, %s doing it: what is there is whole, the record says what is, the next ends it',
  async (when) => {
    const calls = await callsOfARemoval();
    expect(calls).toBeGreaterThan(20);
    for (let failAt = 1; failAt <= calls; failAt += 1) {
      await using directory = await copy();
      const before = (await look(directory.path)).ids;
      const store = new FaultyStore(new LocalStore(directory.path), failAt, when);
      const { gone } = await removeOldest(directory.path, store);
      const { ids } = await look(directory.path);
      expect(ids.filter((id) => gone.includes(id))).toEqual([]);
      expect(ids.slice(-(ALL - GO))).toEqual(before.slice(GO));
      const recorded = await recordedIn(directory.path);
      const over = recorded.filter((each) => each.pending !== true).map(({ id }) => id);
      expect(over.filter((id) => ids.includes(id))).toEqual([]);
      expect(before.filter((id) => !ids.includes(id) && !recorded.some((each) => each.id === id))).toEqual([]);

      await removeOldest(directory.path);
      await another(await repositoryIn(directory.path)); // clears what was left
      expect((await look(directory.path)).ids.slice(0, -1)).toEqual(before.slice(GO));
      const after = await recordedIn(directory.path);
      expect(after.map(({ id, pending }) => ({ id, pending }))).toEqual(
        before.slice(0, GO).map((id) => ({ id, pending: undefined })),
      );
      const files = await backupFiles(directory.path);
      expect(files.filter((file) => before.slice(0, GO).some((id) => file.includes(id)))).toEqual([]);
    }
  },
);

test('a cleanup that fails midway says which were gone before', async () => {
  const rules = { platform: ['postgres'], own: [], otherwise: 1, keepAtLeast: 1 } as const;
  const request = { services: ['postgres'], types: 'all', rules, pinned: new Map() } as const;
  const clock = { now: () => '2099-01-01T00:00:00.000Z' };
  const log = { info: () => undefined } as unknown as Log;
  const said = new Map<string, string>();
  const calls = await callsOfARemoval();
  for (let failAt = 1; failAt <= calls; failAt += 1) {
    await using directory = await copy();
    const before = (await look(directory.path)).ids;
    const store = new FaultyStore(new LocalStore(directory.path), failAt, 'before');
    const deps = { repository: await repositoryIn(directory.path, { store }), clock, log };
    const thrown = await cleanUp('postgres', request, [], deps, never).then(
      () => undefined,
      (error: unknown) => error,
    );
    const { ids } = await look(directory.path);
    const gone = before.toReversed().filter((id) => !ids.includes(id)); // the newest of them goes first
    if (thrown !== undefined) said.set(gone.join(', '), reason(thrown));
  }
  const [none, ...some] = [...said].toSorted(([a], [b]) => a.length - b.length);
  expect(none).toEqual(['', expect.not.stringContaining('removed before')]);
  expect(some.map(([gone]) => gone.split(', ').length)).toEqual([1, 2, 3]);
  for (const [gone, message] of some) expect(message).toContain(`; removed before: ${gone}`);
});

test('a backup that is put back is noticed, whether it was the last to go or not', async () => {
  await using directory = await copy();
  const { ids } = await look(directory.path);
  await removeOldest(directory.path);
  for (const id of ids.slice(0, GO)) {
    const files = (await backupFiles(prepared.path)).filter((file) => file.includes(id));
    for (const file of files) await cp(path.join(prepared.path, file), path.join(directory.path, file));
    const { gaps } = await (await repositoryIn(directory.path)).history('postgres', never);
    expect(gaps).toEqual([expect.stringMatching(new RegExp(`^${id} is there, but was removed at`))]);
    for (const file of files) await rm(path.join(directory.path, file));
  }
});

test('nobody who looks while backups are removed sees one missing, or put back', async () => {
  await using directory = await copy();
  const repository = await repositoryIn(directory.path);
  const over = new AbortController();
  const looking = (async () => {
    const seen: string[] = [];
    let looks = 0;
    for (; !over.signal.aborted || looks === 0; looks += 1) {
      seen.push(...(await repository.listing('postgres', never)).gaps);
      seen.push(...(await repository.history('postgres', never)).gaps);
    }
    return { seen, looks };
  })();
  for (let round = 0; round < 5; round += 1) {
    await another(repository);
    await removeOldest(directory.path);
  }
  over.abort();
  const { seen, looks } = await looking;
  expect(seen).toEqual([]);
  expect(looks).toBeGreaterThan(5);
});
