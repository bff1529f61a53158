import { Readable } from 'node:stream';
import { BackupError } from '../../src/base/errors.ts';
import type { PutOptions, Stat, Store } from '../../src/model/store.ts';

/** A store whose call number `failAt` (from 1) fails: before it does anything, or after it has done it. */
export class FaultyStore implements Store {
  calls = 0;
  readonly #inner: Store;
  readonly #failAt: number;
  readonly #when: 'before' | 'after';

  constructor(inner: Store, failAt: number, when: 'before' | 'after') {
    this.#inner = inner;
    this.#failAt = failAt;
    this.#when = when;
  }

  put(key: string, body: () => Readable, options: PutOptions, signal: AbortSignal): Promise<Stat> {
    return this.#call(`put ${key}`, () => this.#inner.put(key, body, options, signal));
  }

  get(...given: Parameters<Store['get']>): Promise<Readable> {
    return this.#call(`get ${given[0]}`, () => this.#inner.get(...given));
  }

  read(...given: Parameters<Store['read']>): Promise<Buffer> {
    return this.#call(`read ${given[0]}`, () => this.#inner.read(...given));
  }

  stat(...given: Parameters<Store['stat']>): Promise<Stat | undefined> {
    return this.#call(`stat ${given[0]}`, () => this.#inner.stat(...given));
  }

  async *list(...given: Parameters<Store['list']>): AsyncGenerator<Stat> {
    await this.#call(`list ${given[0]}`, () => Promise.resolve());
    yield* this.#inner.list(...given);
  }

  async *keys(...given: Parameters<Store['keys']>): AsyncGenerator<string> {
    await this.#call(`keys ${given[0]}`, () => Promise.resolve());
    yield* this.#inner.keys(...given);
  }

  move(...given: Parameters<Store['move']>): Promise<void> {
    return this.#call(`move ${given[0]}`, () => this.#inner.move(...given));
  }

  delete(...given: Parameters<Store['delete']>): Promise<void> {
    return this.#call(`delete ${given[0]}`, () => this.#inner.delete(...given));
  }

  unfinished(...given: Parameters<Store['unfinished']>): Promise<readonly string[]> {
    return this.#call(`unfinished ${given[0]}`, () => this.#inner.unfinished(...given));
  }

  abandon(...given: Parameters<Store['abandon']>): Promise<void> {
    return this.#call(`abandon ${given[0]}`, () => this.#inner.abandon(...given));
  }

  async #call<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.calls += 1;
    const fails = this.calls === this.#failAt;
    const failed = new BackupError(`the test failed call ${this.calls}, ${what}`, { kind: 'unreachable' });
    if (fails && this.#when === 'before') throw failed;
    const result = await work();
    if (!fails) return result;
    if (result instanceof Readable) result.destroy();
    throw failed;
  }
}

/** A store that hands out changed bytes of one key. */
export class CorruptingStore extends FaultyStore {
  readonly #key: string;
  readonly #corrupt: (bytes: Buffer) => Buffer;

  constructor(inner: Store, key: string, corrupt: (bytes: Buffer) => Buffer) {
    super(inner, 0, 'before');
    this.#key = key;
    this.#corrupt = corrupt;
  }

  override async get(...given: Parameters<Store['get']>): Promise<Readable> {
    const stream = await super.get(...given);
    if (given[0] !== this.#key) return stream;
    return Readable.from([this.#corrupt(Buffer.concat(await stream.toArray()))]);
  }

  override async read(...given: Parameters<Store['read']>): Promise<Buffer> {
    const bytes = await super.read(...given);
    return given[0] === this.#key ? this.#corrupt(bytes) : bytes;
  }
}
