import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import type { Store } from '../../src/model/store.ts';
import { BackupError } from '../../src/base/errors.ts';
import { failure, never } from '../support/repository.ts';

const text = (content: string) => () => Readable.from([Buffer.from(content)]);

async function contentOf(store: Store, key: string, range?: { start: number; end?: number }): Promise<string> {
  const stream = await store.get(key, range === undefined ? {} : { range }, never);
  return Buffer.concat(await stream.toArray()).toString();
}

async function keysOf(store: Store, prefix: string): Promise<string[]> {
  return (await Array.fromAsync(store.list(prefix, never))).map((stat) => stat.key);
}

async function* partThenError(): AsyncGenerator<Buffer> {
  yield Buffer.from('part');
  throw await Promise.resolve(new Error('no more'));
}

/** Gives something, and then an error. */
const failing = () => Readable.from(partThenError());

/** What every store must do; `empty` gives one that holds nothing. */
export function storeConformance(empty: () => Promise<Store>): void {
  test('a put is read back whole, in part, as a small object, and by stat', async () => {
    const store = await empty();
    const stat = await store.put('a/b.txt', text('0123456789'), {}, never);
    expect(await contentOf(store, 'a/b.txt')).toBe('0123456789');
    expect(await contentOf(store, 'a/b.txt', { start: 2, end: 4 })).toBe('234');
    expect(await contentOf(store, 'a/b.txt', { start: 7 })).toBe('789');
    expect((await store.read('a/b.txt', 10, never)).toString()).toBe('0123456789');
    expect(await store.stat('a/b.txt', never)).toEqual(stat);
    expect(stat.bytes).toBe(10);
  });

  test('a body of unknown length and of many chunks arrives in order', async () => {
    const store = await empty();
    const chunks = Array.from({ length: 100 }, (_, index) => Buffer.alloc(50_000, index));
    await store.put('big', () => Readable.from(chunks), {}, never);
    const stream = await store.get('big', {}, never);
    expect(Buffer.concat(await stream.toArray()).equals(Buffer.concat(chunks))).toBe(true);
  });

  test('a body of no bytes makes an empty object', async () => {
    const store = await empty();
    await store.put('nothing', () => Readable.from([]), {}, never);
    expect((await store.stat('nothing', never))?.bytes).toBe(0);
    expect(await contentOf(store, 'nothing')).toBe('');
  });

  test('a put replaces; with ifAbsent it refuses and leaves the old bytes', async () => {
    const store = await empty();
    const first = await store.put('k', text('one'), { ifAbsent: true }, never);
    const second = await store.put('k', text('two'), {}, never);
    expect(second.version).not.toBe(first.version);
    expect((await failure(store.put('k', text('three'), { ifAbsent: true }, never))).kind).toBe('exists');
    expect(await contentOf(store, 'k')).toBe('two');
  });

  test('of two puts with ifAbsent at the same time, one wins and the other is told', async () => {
    const store = await empty();
    const attempts = ['one', 'two'].map((each) => store.put('k', text(each), { ifAbsent: true }, never));
    const outcomes = await Promise.allSettled(attempts);
    expect(outcomes.map((each) => each.status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(await contentOf(store, 'k')).toBe(outcomes[0]?.status === 'fulfilled' ? 'one' : 'two');
  });

  test('ifMatch and version tie a call to one content', async () => {
    const store = await empty();
    const { version } = await store.put('k', text('one'), {}, never);
    await store.put('k', text('two'), { ifMatch: version }, never);
    expect((await failure(store.put('k', text('three'), { ifMatch: version }, never))).kind).toBe('conflict');
    expect((await failure(store.get('k', { version }, never))).kind).toBe('conflict');
    expect(await contentOf(store, 'k')).toBe('two');
  });

  test('a body that fails, or a signal, leaves nothing and does not touch what was there', async () => {
    const store = await empty();
    await store.put('old', text('old'), {}, never);
    await expect(store.put('old', failing, {}, never)).rejects.toThrow('no more');
    await expect(store.put('new', failing, {}, never)).rejects.toThrow('no more');
    await expect(store.put('new', text('x'), {}, AbortSignal.abort())).rejects.toThrow('cancelled');
    expect(await keysOf(store, '')).toEqual(['old']);
    expect(await contentOf(store, 'old')).toBe('old');
    expect(await store.unfinished('', never)).toEqual([]);
  });

  test('a signal in the midst of a put ends it and leaves nothing', async () => {
    const store = await empty();
    const controller = new AbortController();
    const endless = async function* () {
      for (let count = 0; ; count += 1) {
        if (count === 50) controller.abort();
        yield await Promise.resolve(Buffer.alloc(100_000));
      }
    };
    await expect(store.put('k', () => Readable.from(endless()), {}, controller.signal)).rejects.toThrow('cancelled');
    expect(await keysOf(store, '')).toEqual([]);
    expect(await store.unfinished('', never)).toEqual([]);
  });

  test('a signal ends a reading with its own reason', async () => {
    const store = await empty();
    await store.put('k', () => Readable.from([Buffer.alloc(1_000_000)]), {}, never);
    const controller = new AbortController();
    const stream = await store.get('k', {}, controller.signal);
    const reason = new BackupError('enough', { kind: 'timeout' });
    controller.abort(reason);
    await expect(Array.fromAsync(stream)).rejects.toBe(reason);
  });

  test('a signal ends a put whose body gives nothing', async () => {
    const store = await empty();
    const controller = new AbortController();
    const putting = store.put('k', () => new Readable({ read: () => controller.abort() }), {}, controller.signal);
    await expect(putting).rejects.toThrow('cancelled');
    expect(await keysOf(store, '')).toEqual([]);
    expect(await store.unfinished('', never)).toEqual([]);
  });

  test('list is ascending and by prefix, also in the middle of a name', async () => {
    const store = await empty();
    for (const key of ['b', 'a/2', 'a/10', 'a/1/x', 'ab', 'a/.hidden']) await store.put(key, text(key), {}, never);
    expect(await keysOf(store, '')).toEqual(['a/.hidden', 'a/1/x', 'a/10', 'a/2', 'ab', 'b']);
    expect(await keysOf(store, 'a/1')).toEqual(['a/1/x', 'a/10']);
    expect(await keysOf(store, 'a')).toEqual(['a/.hidden', 'a/1/x', 'a/10', 'a/2', 'ab']);
    expect(await keysOf(store, 'nothing/here')).toEqual([]);
    expect(await Array.fromAsync(store.keys('a/', never))).toEqual(['a/.hidden', 'a/1/x', 'a/10', 'a/2']);
  });

  test('what is not there: not-found for get, read and move, undefined for stat, nothing for delete', async () => {
    const store = await empty();
    expect((await failure(store.get('k', {}, never))).kind).toBe('not-found');
    expect((await failure(store.read('k', 10, never))).kind).toBe('not-found');
    expect((await failure(store.move('k', 'l', never))).kind).toBe('not-found');
    expect(await store.stat('k', never)).toBeUndefined();
    await store.delete('k', never);
  });

  test('read refuses what is larger than its limit', async () => {
    const store = await empty();
    await store.put('k', text('0123456789'), {}, never);
    expect((await failure(store.read('k', 9, never))).kind).toBe('damaged');
  });

  test('move gives another key, never over an object', async () => {
    const store = await empty();
    await store.put('a', text('a'), {}, never);
    await store.put('b', text('b'), {}, never);
    expect((await failure(store.move('a', 'b', never))).kind).toBe('exists');
    await store.move('a', 'deep/er/c', never);
    expect(await keysOf(store, '')).toEqual(['b', 'deep/er/c']);
    expect(await contentOf(store, 'deep/er/c')).toBe('a');
    expect(await contentOf(store, 'b')).toBe('b');
  });

  test('delete removes, once or twice', async () => {
    const store = await empty();
    await store.put('a/b', text('x'), {}, never);
    await store.delete('a/b', never);
    await store.delete('a/b', never);
    expect(await keysOf(store, '')).toEqual([]);
  });

  test.each(['', '/etc/passwd', '../x', 'a/../../x', 'a//b', 'a/', './a', 'a\0b'])(
    'refuses the key %j',
    async (key) => {
      const store = await empty();
      expect((await failure(store.put(key, text('x'), {}, never))).kind).toBe('usage');
      expect(await keysOf(store, '')).toEqual([]);
    },
  );
}
