import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CrashPoint } from '../../../src/base/crash-points.ts';
import { moveBack, moveIn, type Moving, stagedPath, whereIs } from '../../../src/sources/neo4j/exchange-moves.ts';
import { openLocalStore } from '../../../src/sources/neo4j/local-store.ts';
import type { StoreDirectory } from '../../../src/sources/neo4j/store-directory.ts';
import { Killed, type TestContext, testContext } from '../../support/file-backup.ts';
import { mountSmallDisk } from '../../support/system/small-disk.ts';
import { CAN_MOUNT, requires } from '../../support/system/what-can-run.ts';

const names = { database: 'neo4j', place: 'physics-backup-1' };
const uid = process.getuid?.() ?? -1;

let context: TestContext;
let directory: string;
let data: string;
let store: StoreDirectory;
let notes: Readonly<Record<string, string>>[];

beforeEach(async () => {
  context = await testContext();
  directory = await mkdtemp(path.join(os.tmpdir(), 'pbs-moves-'));
  data = path.join(directory, 'data');
  await fill(data, 'old', 'neo4j');
  await fill(path.join(directory, 'sandbox'), 'new');
  store = await openLocalStore(data, uid);
  await store.place(path.join(directory, 'sandbox'), stagedPath(names), context);
  notes = [];
});
afterEach(async () => {
  await context[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

/** Both parts of a database with a file that says which it is. */
async function fill(root: string, content: string, database = ''): Promise<void> {
  for (const part of ['databases', 'transactions']) {
    await mkdir(path.join(root, part, database), { recursive: true });
    await writeFile(path.join(root, part, database, 'which'), content);
  }
}

async function live(): Promise<string[]> {
  const parts = ['databases', 'transactions'].map((part) => path.join(data, part, 'neo4j', 'which'));
  return await Promise.all(parts.map((file) => readFile(file, 'utf8').catch(() => 'nothing')));
}

function moving(reached: (point: CrashPoint) => Promise<void> = context.reached): Moving {
  return { store, names, context: { ...context, reached }, note: (note) => Promise.resolve(void notes.push(note)) };
}

/** Kills at the n-th point of all that are reached. */
function killAfter(points: number): (point: CrashPoint) => Promise<void> {
  let reached = 0;
  return (point) => (++reached < points ? Promise.resolve() : Promise.reject(new Killed(point)));
}

test('a store moves in and back, and each move was noted before', async () => {
  expect(await whereIs({ store, names })).toBe('staged');
  await moveIn(moving());
  expect(await live()).toEqual(['new', 'new']);
  expect(await whereIs({ store, names })).toBe('live');
  expect(notes.map(({ step, part }) => `${step} ${part}`)).toEqual([
    'away transactions',
    'away databases',
    'in databases',
    'in transactions',
  ]);
  await moveIn(moving()); // does nothing
  await moveBack(moving());
  expect(await live()).toEqual(['old', 'old']);
  expect(await whereIs({ store, names })).toBe('staged');
  await moveBack(moving());
  expect(notes).toHaveLength(8);
});

test.each([1, 2, 3, 4])('killed after move %i, a store moves on or back', async (moves) => {
  for (const end of [moveIn, moveBack]) {
    await expect(moveIn(moving(killAfter(moves)))).rejects.toThrow(Killed);
    expect(await whereIs({ store, names })).toBe(moves === 4 ? 'live' : 'between');
    await end(moving());
    expect(await live()).toEqual(end === moveIn ? ['new', 'new'] : ['old', 'old']);
    await moveBack(moving());
  }
});

test.each([1, 2, 3, 4])('killed after move %i back, a store moves back', async (moves) => {
  await moveIn(moving());
  await expect(moveBack(moving(killAfter(moves)))).rejects.toThrow(Killed);
  await moveBack(moving());
  expect(await live()).toEqual(['old', 'old']);
  expect(await whereIs({ store, names })).toBe('staged');
});

test('what a server made in between is put aside, and not over what it had', async () => {
  await expect(moveIn(moving(killAfter(2)))).rejects.toThrow(Killed);
  await fill(data, 'stray', 'neo4j');
  expect(await whereIs({ store, names })).toBe('recreated');
  await expect(moveIn(moving())).rejects.toThrow('started by something else');
  await moveBack(moving());
  expect(await live()).toEqual(['old', 'old']);
  expect(await readFile(path.join(data, names.place, 'stray.databases', 'which'), 'utf8')).toBe('stray');
  await store.remove(names.place);
  expect((await readdir(data)).toSorted()).toEqual(['databases', 'transactions']);
});

test('a disk without room for the store is said before anything is stopped', async (run) => {
  requires(CAN_MOUNT, 'root, to mount a small disk', run);
  const small = path.join(directory, 'small');
  await using _disk = await mountSmallDisk(small, '256k');
  await fill(small, 'old', 'neo4j');
  await writeFile(path.join(directory, 'sandbox', 'databases', 'neostore'), Buffer.alloc(1024 * 1024));
  const full = await openLocalStore(small, uid);
  const placing = full.place(path.join(directory, 'sandbox'), stagedPath(names), context);
  await expect(placing).rejects.toMatchObject({ kind: 'no-space' });
  await full.remove(names.place);
  expect((await readdir(small)).toSorted()).toEqual(['databases', 'transactions']);
});

test('databases on another file system, or of another user, are not exchanged', async (run) => {
  requires(CAN_MOUNT, 'root, to mount a small disk', run);
  await expect(openLocalStore(data, 4711)).rejects.toMatchObject({ kind: 'denied' });
  await using _disk = await mountSmallDisk(path.join(data, 'transactions'), '256k');
  await expect(openLocalStore(data, uid)).rejects.toThrow('several file systems');
});
