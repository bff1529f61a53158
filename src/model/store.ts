import type { Readable } from 'node:stream';
import type { Instant } from './vocabulary.ts';

/** Opaque: names one content of a key (an ETag, a version id, inode and mtime). */
export type Version = string;

export interface Stat {
  readonly key: string;
  readonly bytes: number;
  readonly modified: Instant;
  readonly version: Version;
}

/** Inclusive, zero-based. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

export interface PutOptions {
  /** Fail with kind `exists` when the key exists. */
  readonly ifAbsent?: boolean;
  /** Fail with kind `conflict` unless the key holds this version. */
  readonly ifMatch?: Version;
  readonly retainUntil?: Instant;
  /** The body's chunks are nobody else's: the store may free the memory of each as soon as it has written it. */
  readonly handsOver?: boolean;
}

/** Objects under a prefix, looked at over and over. After a look that failed a new watch begins anew. */
export interface Watch {
  /** What is not as it was at the look before; at the first, all that is there. */
  look(signal: AbortSignal): Promise<Changes>;
}

export interface Changes {
  /** What they are now, by key. */
  readonly written: ReadonlyMap<string, Version>;
  readonly gone: readonly string[];
}

/**
 * Where bytes live. Keys are relative paths with `/`. `put` is atomic: after a crash the key holds the old bytes,
 * the new bytes, or nothing. A retry asks for the body again; an ambiguous conditional put is settled by `stat`.
 */
export interface Store {
  put(key: string, body: () => Readable, options: PutOptions, signal: AbortSignal): Promise<Stat>;
  /** Fails with kind `not-found`. */
  get(
    key: string,
    options: { readonly range?: ByteRange; readonly version?: Version },
    signal: AbortSignal,
  ): Promise<Readable>;
  /** The whole of a small object; fails with kind `damaged` when it is larger than `limit` bytes. */
  read(key: string, limit: number, signal: AbortSignal): Promise<Buffer>;
  stat(key: string, signal: AbortSignal): Promise<Stat | undefined>;
  /**
   * Keys that start with the prefix, in ascending order; never temporary files. A store may leave out keys that are not
   * `wanted`, where that saves it work.
   */
  list(prefix: string, signal: AbortSignal, wanted?: (key: string) => boolean): AsyncIterable<Stat>;
  /** For who lists the same again and again; a store that has nothing better than `list` has none. */
  watch?(prefix: string, wanted: (key: string) => boolean): Watch;
  /** As `list`, without what would cost a call per object. */
  keys(prefix: string, signal: AbortSignal): AsyncIterable<string>;
  /** Gives an object another key without copying it to us; fails with `exists` rather than replace one. */
  move(from: string, to: string, signal: AbortSignal): Promise<void>;
  /** Idempotent. Durable when it resolves. */
  delete(key: string, signal: AbortSignal): Promise<void>;
  /**
   * What puts left behind that never ended, under a prefix, named for `abandon`. Puts under way are among them: the
   * caller excludes those by a lock.
   */
  unfinished(prefix: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Removes what an unfinished put left. Idempotent. */
  abandon(name: string, signal: AbortSignal): Promise<void>;
}
