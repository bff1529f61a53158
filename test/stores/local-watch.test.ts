import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { statSync } from 'node:fs';
import { asyncProperty, array, assert, constantFrom, record } from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import type { Changes, Watch } from '../../src/model/store.ts';
import { LocalStore } from '../../src/stores/local.ts';
import { never, type Scratch, scratch } from '../support/repository.ts';

afterEach(() => void vi.useRealTimers());

const wanted = (key: string): boolean => key.endsWith('.json');

interface Watched {
  readonly watch: Watch;
  readonly file: (name: string) => string;
  /** What the looks so far add up to, and what a list says. */
  readonly look: () => Promise<Changes>;
  readonly sum: Map<string, string>;
  readonly listed: () => Promise<Map<string, string>>;
}

function watched(directory: Scratch): Watched {
  const store = new LocalStore(directory.path);
  const watch = store.watch('s/', wanted);
  const sum = new Map<string, string>();
  return {
    watch,
    sum,
    file: (name) => path.join(directory.path, 's', name),
    async look() {
      const changes = await watch.look(never);
      for (const [key, version] of changes.written) sum.set(key, version);
      for (const key of changes.gone) sum.delete(key);
      return changes;
    },
    async listed() {
      const all = await Array.fromAsync(store.list('s/', never, wanted));
      return new Map(all.filter(({ key }) => wanted(key)).map(({ key, version }) => [key, version]));
    },
  };
}

const NAMES = ['a.json', 'b.json', 'd/c.json', 'd/e/f.json', 'd/e/artifact', '.a.json.0123456789ab.part'] as const;
const step = record({
  what: constantFrom('write', 'replace', 'remove', 'move', 'remove directory', 'nothing'),
  name: constantFrom(...NAMES),
  other: constantFrom(...NAMES),
});

test('the looks of a watch add up to what a list says, whatever happens in between', async () => {
  const property = asyncProperty(array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
    await using directory = await scratch();
    const { file, look, sum, listed } = watched(directory);
    for (const { what, name, other } of steps) {
      await mkdir(path.dirname(file(name)), { recursive: true });
      await mkdir(path.dirname(file(other)), { recursive: true });
      if (what === 'write') await writeFile(file(name), other);
      if (what === 'replace') {
        await writeFile(`${file(name)}.new`, other);
        await rename(`${file(name)}.new`, file(name));
      }
      if (what === 'remove') await rm(file(name), { force: true });
      if (what === 'move') await rename(file(name), file(other)).catch(() => undefined);
      if (what === 'remove directory') await rm(path.dirname(file(name)), { recursive: true });
      await look();
      expect(sum).toEqual(await listed());
    }
  });
  await assert(property, { numRuns: 60 });
});

/** As if all that was written had been there for long: then names of a directory are not read again. */
function later(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
}

test('of a directory that nobody wrote to for long, its files are compared all the same', async () => {
  await using directory = await scratch();
  const { file, look } = watched(directory);
  await mkdir(file('d'), { recursive: true });
  for (const name of ['a.json', 'd/b.json', 'd/c.json']) await writeFile(file(name), 'old');
  later();
  expect([...(await look()).written.keys()].toSorted()).toEqual(['s/a.json', 's/d/b.json', 's/d/c.json']);
  expect(await look()).toEqual({ written: new Map(), gone: [] });
  await writeFile(file('d/b.json'), 'new words'); // in place: the directory is not written
  expect([...(await look()).written.keys()]).toEqual(['s/d/b.json']);
  expect(await look()).toEqual({ written: new Map(), gone: [] });
});

test('files that come to such a directory, or go, are noticed', async () => {
  await using directory = await scratch();
  const { file, look } = watched(directory);
  await mkdir(file('d'), { recursive: true });
  await writeFile(file('d/a.json'), 'old');
  later();
  await look();
  const before = statSync(file('d')).ctimeMs;
  while (statSync(file('d')).ctimeMs === before) {
    await writeFile(file('d/b.json'), 'new'); // the clock of a file system moves on in steps
    await rm(file('d/a.json'), { force: true });
  }
  const { written, gone } = await look();
  expect([[...written.keys()], gone]).toEqual([['s/d/b.json'], ['s/d/a.json']]);
});

test('another file system in its place is seen for what it is, and so is none', async () => {
  await using directory = await scratch();
  const { file, look } = watched(directory);
  await mkdir(file('d'), { recursive: true });
  await writeFile(file('d/a.json'), 'old');
  later();
  await look();
  await rename(path.join(directory.path, 's'), path.join(directory.path, 'away'));
  expect(await look()).toEqual({ written: new Map(), gone: ['s/d/a.json'] });
  await mkdir(file('d'), { recursive: true });
  await writeFile(file('d/a.json'), 'other');
  expect([...(await look()).written.keys()]).toEqual(['s/d/a.json']);
});
