import { Readable } from 'node:stream';
import { BackupError, throwIfAborted } from '../base/errors.ts';
import type { ByteRange, PutOptions, Stat, Store, Version } from '../model/store.ts';
import { alreadyExists, changed, checkKey, notFound } from './keys.ts';
import { endedBy } from './ended-by.ts';

interface Held {
  readonly bytes: Buffer;
  readonly stat: Stat;
}

/** A store that lasts as long as the process: for tests. */
export class MemoryStore implements Store {
  readonly #objects = new Map<string, Held>();
  #puts = 0;

  async put(key: string, body: () => Readable, options: PutOptions, signal: AbortSignal): Promise<Stat> {
    checkKey(key);
    throwIfAborted(signal);
    const chunks: Buffer[] = [];
    for await (const chunk of endedBy(signal, body())) chunks.push(Buffer.from(chunk as Buffer));
    throwIfAborted(signal);
    const current = this.#objects.get(key);
    if (options.ifAbsent === true && current !== undefined) throw alreadyExists(key);
    if (options.ifMatch !== undefined && current?.stat.version !== options.ifMatch) throw changed(key);
    return this.#hold(key, Buffer.concat(chunks));
  }

  async get(
    key: string,
    options: { readonly range?: ByteRange; readonly version?: Version },
    signal: AbortSignal,
  ): Promise<Readable> {
    const held = this.#find(key);
    throwIfAborted(signal);
    if (options.version !== undefined && held.stat.version !== options.version) throw changed(key);
    const { start, end } = { start: 0, end: held.bytes.length - 1, ...options.range };
    return Promise.resolve(endedBy(signal, Readable.from([Buffer.from(held.bytes.subarray(start, end + 1))])));
  }

  async read(key: string, limit: number, signal: AbortSignal): Promise<Buffer> {
    throwIfAborted(signal);
    const { bytes } = this.#find(key);
    if (bytes.length > limit)
      throw new BackupError(`${key} has ${bytes.length} bytes, more than ${limit}`, { kind: 'damaged' });
    return Promise.resolve(Buffer.from(bytes));
  }

  stat(key: string, signal: AbortSignal): Promise<Stat | undefined> {
    throwIfAborted(signal);
    return Promise.resolve(this.#objects.get(key)?.stat);
  }

  async *list(prefix: string, signal: AbortSignal): AsyncGenerator<Stat> {
    for (const key of [...this.#objects.keys()].filter((each) => each.startsWith(prefix)).toSorted()) {
      throwIfAborted(signal);
      const held = this.#objects.get(key);
      if (held !== undefined) yield await Promise.resolve(held.stat);
    }
  }

  async *keys(prefix: string, signal: AbortSignal): AsyncGenerator<string> {
    for await (const { key } of this.list(prefix, signal)) yield key;
  }

  async move(from: string, to: string, signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    checkKey(to);
    const held = this.#find(from);
    if (this.#objects.has(to)) throw alreadyExists(to);
    this.#hold(to, held.bytes);
    this.#objects.delete(from);
    return Promise.resolve();
  }

  delete(key: string, signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    this.#objects.delete(key);
    return Promise.resolve();
  }

  unfinished(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  abandon(): Promise<void> {
    return Promise.resolve();
  }

  #find(key: string): Held {
    const held = this.#objects.get(key);
    if (held === undefined) throw notFound(key);
    return held;
  }

  #hold(key: string, bytes: Buffer): Stat {
    this.#puts += 1;
    const stat: Stat = { key, bytes: bytes.length, modified: new Date().toISOString(), version: `${this.#puts}` };
    this.#objects.set(key, { bytes, stat });
    return stat;
  }
}
