import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';

const SLOT = 8;
const SLOTS_OF_PAGE = 512;
const PAGE = SLOT * SLOTS_OF_PAGE;
/** 32 MiB: four million nodes before the first page goes to disk. */
const PAGES_IN_MEMORY = 8192;

/**
 * The first 64 bits of each node's hash, by the number that the node has within one capture: relationships are told
 * apart by what their ends hold. Memory is bounded: what has not been used for longest goes to a file. Numbers are
 * dense, because Neo4j uses those of deleted nodes again.
 */
export class DigestTable implements Disposable {
  readonly #file: string;
  readonly #limit: number;
  /** In the order of their last use, once there are as many as there may be. */
  readonly #pages = new Map<number, Buffer>();
  readonly #written = new Set<number>();
  #last: { readonly number: number; readonly page: Buffer } | undefined;
  #descriptor: number | undefined;

  constructor(directory: string, pagesInMemory = PAGES_IN_MEMORY) {
    this.#file = path.join(directory, 'node-digests');
    this.#limit = pagesInMemory;
  }

  set(node: number, nodeHash: Buffer): void {
    nodeHash.copy(this.#page(node), offsetOf(node), 0, SLOT);
  }

  /** 16 hex digits; undefined for a number that was never set. */
  get(node: number): string | undefined {
    const offset = offsetOf(node);
    const text = this.#page(node).toString('hex', offset, offset + SLOT);
    return text === UNSET ? undefined : text;
  }

  [Symbol.dispose](): void {
    if (this.#descriptor === undefined) return;
    closeSync(this.#descriptor);
    rmSync(this.#file, { force: true });
    this.#descriptor = undefined;
  }

  #page(node: number): Buffer {
    const number = Math.floor(node / SLOTS_OF_PAGE);
    if (this.#last?.number === number) return this.#last.page;
    const known = this.#pages.get(number);
    const page = known ?? this.#load(number);
    // While everything fits, the order costs more than it is worth.
    if (known !== undefined && this.#pages.size === this.#limit) this.#pages.delete(number);
    this.#pages.set(number, page);
    this.#last = { number, page };
    if (this.#pages.size > this.#limit) this.#evict();
    return page;
  }

  #load(number: number): Buffer {
    const page = Buffer.alloc(PAGE);
    if (this.#written.has(number) && this.#descriptor !== undefined)
      readSync(this.#descriptor, page, 0, PAGE, number * PAGE);
    return page;
  }

  #evict(): void {
    const [oldest] = this.#pages;
    if (oldest === undefined) return;
    this.#descriptor ??= openSync(this.#file, 'w+', 0o600);
    writeSync(this.#descriptor, oldest[1], 0, PAGE, oldest[0] * PAGE);
    this.#written.add(oldest[0]);
    this.#pages.delete(oldest[0]);
  }
}

const UNSET = '0'.repeat(SLOT * 2);

function offsetOf(node: number): number {
  return (node % SLOTS_OF_PAGE) * SLOT;
}
