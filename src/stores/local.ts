import { constants, createReadStream, lstatSync } from 'node:fs';
import { link, lstat, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { makeDirectories } from '../base/directories.ts';
import { BackupError, systemCode, throwIfAborted } from '../base/errors.ts';
import { fileError, isTemporaryName, syncDirectory, temporaryName } from '../base/files.ts';
import { Turns } from '../base/turns.ts';
import type { ByteRange, PutOptions, Stat, Store, Version, Watch } from '../model/store.ts';
import { alreadyExists, changed, checkKey, notFound } from './keys.ts';
import {
  attempt,
  currentVersion,
  filesBelow,
  isTemporaryKey,
  readWhole,
  statOf,
  versionOf,
  writeAll,
} from './local-files.ts';
import { endedBy } from './ended-by.ts';
import { LocalWatch } from './local-watch.ts';

/** How far a put has come: all bytes written, all on disk, in place under its name. */
export type PutStep = 'written' | 'synced' | 'placed';

/** Awaited at each step of a put: crash points and timings. */
export type OnStep = (step: PutStep, key: string) => Promise<void>;

/** Small pieces are collected sooner: with 128 KiB the process holds 25 MB more, and is no faster. */
const READ_BYTES = 64 * 1024;

function anyKey(): boolean {
  return true;
}

/** A directory as a store: 0700, files 0600. */
export class LocalStore implements Store {
  readonly #root: string;
  readonly #onStep: OnStep | undefined;

  constructor(root: string, onStep?: OnStep) {
    this.#root = path.resolve(root);
    this.#onStep = onStep;
  }

  async put(key: string, body: () => Readable, options: PutOptions, signal: AbortSignal): Promise<Stat> {
    const file = this.#path(key);
    throwIfAborted(signal);
    await this.#makeDirectory(path.dirname(file));
    const temporary = temporaryName(file);
    try {
      await this.#write(temporary, key, body, options, signal);
      await this.#place(temporary, file, key, options);
      await syncDirectory(path.dirname(file));
      await this.#onStep?.('placed', key);
      return statOf(key, await lstat(file));
    } catch (error) {
      throw fileError('writing', file, error);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async get(
    key: string,
    options: { readonly range?: ByteRange; readonly version?: Version },
    signal: AbortSignal,
  ): Promise<Readable> {
    const file = this.#path(key);
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
      throw systemCode(error) === 'ENOENT' ? notFound(key) : fileError('reading', file, error);
    });
    if (options.version !== undefined && versionOf(await handle.stat()) !== options.version) {
      await handle.close();
      throw changed(key);
    }
    const stream = createReadStream(file, { fd: handle, highWaterMark: READ_BYTES, ...options.range });
    return endedBy(signal, stream);
  }

  /** Synchronous inside: for files of some kilobytes that is several times cheaper than the thread pool. */
  read(key: string, limit: number, signal: AbortSignal): Promise<Buffer> {
    return attempt(() => {
      throwIfAborted(signal);
      const file = this.#path(key);
      try {
        return readWhole(file, limit);
      } catch (error) {
        throw systemCode(error) === 'ENOENT' ? notFound(key) : fileError('reading', file, error);
      }
    });
  }

  stat(key: string, signal: AbortSignal): Promise<Stat | undefined> {
    return attempt(() => {
      throwIfAborted(signal);
      const stats = lstatSync(this.#path(key), { throwIfNoEntry: false });
      return stats?.isFile() === true ? statOf(key, stats) : undefined;
    });
  }

  /** Synchronous inside, as `read`; others get their turns meanwhile. */
  async *list(prefix: string, signal: AbortSignal, wanted: (key: string) => boolean = anyKey): AsyncGenerator<Stat> {
    const turns = new Turns();
    const keys = this.#files(prefix).filter((key) => wanted(key) && !isTemporaryKey(key));
    for (const key of keys.toSorted()) {
      throwIfAborted(signal);
      if (turns.due) await turns.give();
      const stats = lstatSync(`${this.#root}/${key}`, { throwIfNoEntry: false });
      if (stats !== undefined) yield statOf(key, stats);
    }
  }

  watch(prefix: string, wanted: (key: string) => boolean): Watch {
    checkKey(prefix.slice(0, -1));
    return new LocalWatch(`${this.#root}/`, prefix, wanted);
  }

  async *keys(prefix: string, signal: AbortSignal): AsyncGenerator<string> {
    for (const key of this.#files(prefix).toSorted()) {
      throwIfAborted(signal);
      if (!isTemporaryKey(key)) yield key;
    }
  }

  async move(from: string, to: string, signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    const [source, target] = [this.#path(from), this.#path(to)];
    await this.#makeDirectory(path.dirname(target));
    try {
      await link(source, target); // unlike rename(2), never over another file
      await syncDirectory(path.dirname(target));
      await rm(source);
      await syncDirectory(path.dirname(source));
    } catch (error) {
      if (systemCode(error) === 'EEXIST') throw alreadyExists(to);
      throw systemCode(error) === 'ENOENT' ? notFound(from) : fileError('moving', source, error);
    }
  }

  async delete(key: string, signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    const file = this.#path(key);
    try {
      await rm(file);
      await syncDirectory(path.dirname(file));
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw fileError('removing', file, error);
    }
  }

  unfinished(prefix: string, signal: AbortSignal): Promise<readonly string[]> {
    throwIfAborted(signal);
    return attempt(() => this.#files(prefix).filter(isTemporaryKey));
  }

  async abandon(name: string, signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    checkKey(path.dirname(name));
    if (!isTemporaryName(path.basename(name)))
      throw new BackupError(`"${name}" is no unfinished file`, { kind: 'usage' });
    await rm(path.join(this.#root, name), { force: true });
  }

  #path(key: string): string {
    checkKey(key);
    return `${this.#root}/${key}`;
  }

  /** Every file whose key starts with the prefix; a directory that does not exist holds none. */
  #files(prefix: string): string[] {
    const directory = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    if (directory !== '') checkKey(directory.slice(0, -1));
    return filesBelow(`${this.#root}/`, directory).filter((key) => key.startsWith(prefix));
  }

  async #write(
    file: string,
    key: string,
    body: () => Readable,
    options: PutOptions,
    signal: AbortSignal,
  ): Promise<void> {
    const handle = await open(file, 'wx', 0o600);
    try {
      await writeAll(handle, body(), options.handsOver === true, signal);
      await this.#onStep?.('written', key);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await this.#onStep?.('synced', key);
  }

  async #place(temporary: string, file: string, key: string, options: PutOptions): Promise<void> {
    if (options.ifMatch !== undefined && (await currentVersion(file)) !== options.ifMatch) throw changed(key);
    if (options.ifAbsent !== true) return rename(temporary, file);
    await link(temporary, file).catch((error: unknown) => {
      throw systemCode(error) === 'EEXIST' ? alreadyExists(key) : error;
    });
  }

  /** Creates what is missing, and makes each new name durable in its parent. */
  async #makeDirectory(directory: string): Promise<void> {
    try {
      const first = makeDirectories(directory);
      if (first === undefined) return;
      for (let made = directory; made.length >= first.length; made = path.dirname(made))
        await syncDirectory(path.dirname(made));
    } catch (error) {
      throw fileError('creating', directory, error);
    }
  }
}
