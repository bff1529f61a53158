import { createHash, type Hash } from 'node:crypto';
import type { Entry } from './entry.ts';
import { describeEntry } from './tar-entry.ts';
import { SparseExpander } from './sparse.ts';
import { BLOCK, damagedTar, parseHeader, parsePax, type PaxRecords, type TarHeader } from './tar-header.ts';

/** What a reader of a tar is told. */
export interface TarEvents {
  /** A whole header was read, before any of the entry's data; throwing refuses the entry. `offset`: where its first header begins. */
  begun?(entry: Entry, offset: number): void;
  /** All data was read; a file's hash is in it unless hashing was switched off. */
  ended?(entry: Entry): void;
}

const NOTHING = Buffer.alloc(BLOCK);
const LONGEST_PAX = 1024 * 1024;

/**
 * Reads a POSIX tar as GNU tar writes it (pax headers, sparse files 1.0, hard and symbolic links), chunk by chunk, in
 * constant memory. Sequence: `push` every chunk, then `finish`. Fails with kind `damaged`.
 */
export class TarReader {
  readonly #events: TarEvents;
  readonly #hashing: boolean;
  #pending: Buffer = Buffer.alloc(0);
  #position = 0;
  /** Where the headers of the entry that is being decided begin. */
  #entryOffset = 0;
  #pax: PaxRecords = new Map();
  #paxBytes = 0;
  #file: OpenFile | undefined;
  #endOffset: number | undefined;

  constructor(events: TarEvents, options: { readonly hashing: boolean } = { hashing: true }) {
    this.#events = events;
    this.#hashing = options.hashing;
  }

  /** Where the end-of-archive mark begins; undefined before it was seen. */
  get endOffset(): number | undefined {
    return this.#endOffset;
  }

  /** Up to here every byte belongs to an entry that was announced. */
  get decidedOffset(): number {
    return this.#file !== undefined ? this.#position : this.#entryOffset;
  }

  push(chunk: Buffer): void {
    let rest = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    this.#pending = Buffer.alloc(0);
    while (this.#endOffset === undefined && rest.length > 0) {
      const used = this.#file === undefined ? this.#readHeader(rest) : this.#file.push(rest);
      if (used === 0) break;
      this.#position += used;
      rest = rest.subarray(used);
      this.#closeFile();
    }
    if (this.#endOffset === undefined) this.#pending = Buffer.from(rest);
  }

  /** Fails unless the archive has ended with its mark. */
  finish(): void {
    if (this.#endOffset === undefined) throw damagedTar('it ends in the middle');
  }

  /** Returns how many bytes were used; 0 when more are needed. */
  #readHeader(bytes: Buffer): number {
    if (this.#paxBytes > 0) return this.#readPax(bytes);
    if (bytes.length < BLOCK) return 0;
    const block = bytes.subarray(0, BLOCK);
    if (block[0] === 0 && block.equals(NOTHING)) {
      this.#endOffset = this.#position;
      return BLOCK;
    }
    const header = parseHeader(block);
    if (header.typeflag === 'x') {
      if (header.size === 0 || header.size > LONGEST_PAX) throw damagedTar('an extended header of an impossible size');
      this.#paxBytes = header.size;
      return BLOCK;
    }
    if (header.typeflag === 'g') throw damagedTar('a global header, which a backup never has');
    this.#open(header);
    return BLOCK;
  }

  #readPax(bytes: Buffer): number {
    const padded = padding(this.#paxBytes);
    if (bytes.length < padded) return 0;
    this.#pax = parsePax(bytes.subarray(0, this.#paxBytes));
    this.#paxBytes = 0;
    return padded;
  }

  #open(header: TarHeader): void {
    const { entry, stored } = describeEntry(header, this.#pax);
    const sparse = this.#pax.has('GNU.sparse.major');
    this.#events.begun?.(entry, this.#entryOffset);
    this.#file = new OpenFile(entry, stored, sparse, this.#hashing);
    this.#pax = new Map();
  }

  #closeFile(): void {
    const file = this.#file;
    if (file === undefined || file.remaining > 0) return;
    this.#file = undefined;
    this.#entryOffset = this.#position;
    this.#events.ended?.(file.end());
  }
}

/** The data of one entry as it comes. */
class OpenFile {
  /** Stored bytes still to come, padding included. */
  remaining: number;
  readonly #entry: Entry;
  #data: number;
  readonly #hash: Hash | undefined;
  readonly #sparse: SparseExpander | undefined;

  constructor(entry: Entry, stored: number, sparse: boolean, hashing: boolean) {
    this.#entry = entry;
    this.#data = stored;
    this.remaining = padding(stored);
    const hash = hashing && entry.type === 'file' ? createHash('sha256') : undefined;
    this.#hash = hash;
    this.#sparse =
      sparse && hash !== undefined ? new SparseExpander(entry.size, (bytes) => void hash.update(bytes)) : undefined;
  }

  push(bytes: Buffer): number {
    const piece = bytes.subarray(0, this.remaining);
    const data = piece.subarray(0, this.#data);
    if (data.length > 0) {
      if (this.#sparse === undefined) this.#hash?.update(data);
      else this.#sparse.push(data);
    }
    this.#data -= data.length;
    this.remaining -= piece.length;
    return piece.length;
  }

  end(): Entry {
    this.#sparse?.end();
    return this.#hash === undefined ? this.#entry : { ...this.#entry, sha256: this.#hash.digest('hex') };
  }
}

function padding(bytes: number): number {
  return Math.ceil(bytes / BLOCK) * BLOCK;
}
