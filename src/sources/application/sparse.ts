import { damagedTar } from './tar-header.ts';

/** Where one piece of a sparse file's data lies. */
interface Extent {
  readonly offset: number;
  readonly length: number;
}

const ZEROS = Buffer.alloc(64 * 1024);
/** Longer than the map of any file that a file system allows. */
const LONGEST_MAP = 64 * 1024 * 1024;

/**
 * Turns the stored bytes of a sparse file (GNU format 1.0: a map of decimal numbers, one a line, padded to blocks of
 * 512 bytes, then the data) into the bytes of the file, holes as zeros.
 */
export class SparseExpander {
  readonly #size: number;
  readonly #write: (bytes: Buffer) => void;
  #map: Buffer | undefined = Buffer.alloc(0);
  #extents: Extent[] = [];
  #position = 0;

  constructor(size: number, write: (bytes: Buffer) => void) {
    this.#size = size;
    this.#write = write;
  }

  push(stored: Buffer): void {
    if (this.#map === undefined) {
      this.#data(stored);
      return;
    }
    this.#map = Buffer.concat([this.#map, stored]);
    if (this.#map.length > LONGEST_MAP) throw damagedTar('the map of a sparse file has no end');
    const parsed = parseMap(this.#map);
    if (parsed === undefined) return;
    const rest = this.#map.subarray(parsed.bytes);
    this.#map = undefined;
    this.#extents = parsed.extents;
    this.#data(rest);
  }

  end(): void {
    if (this.#map !== undefined || this.#extents.some((each) => each.length > 0))
      throw damagedTar('a sparse file is cut short');
    this.#zerosUntil(this.#size);
    if (this.#position !== this.#size) throw damagedTar('a sparse file is longer than it says');
  }

  #data(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      const extent = this.#extents[0];
      if (extent === undefined) throw damagedTar('a sparse file has more data than its map');
      this.#zerosUntil(extent.offset);
      const piece = bytes.subarray(at, at + extent.length);
      if (piece.length > 0) this.#write(piece);
      this.#position += piece.length;
      at += piece.length;
      if (piece.length === extent.length) this.#extents.shift();
      else this.#extents[0] = { offset: extent.offset + piece.length, length: extent.length - piece.length };
    }
    while (this.#extents[0]?.length === 0) this.#extents.shift();
  }

  #zerosUntil(offset: number): void {
    while (this.#position < offset) {
      const zeros = ZEROS.subarray(0, Math.min(ZEROS.length, offset - this.#position));
      this.#write(zeros);
      this.#position += zeros.length;
    }
  }
}

/** Undefined while the map is not whole. */
function parseMap(bytes: Buffer): { readonly extents: Extent[]; readonly bytes: number } | undefined {
  const numbers: number[] = [];
  let at = 0;
  const wanted = (): number => (numbers.length === 0 ? 1 : 1 + 2 * (numbers[0] ?? 0));
  while (numbers.length < wanted()) {
    const end = bytes.indexOf(0x0a, at);
    if (end === -1) return undefined;
    const digits = bytes.toString('latin1', at, end);
    if (!/^\d{1,16}$/.test(digits)) throw damagedTar('the map of a sparse file cannot be read');
    numbers.push(Number(digits));
    at = end + 1;
  }
  const padded = Math.ceil(at / 512) * 512;
  if (bytes.length < padded) return undefined;
  const extents: Extent[] = [];
  for (let index = 1; index < numbers.length; index += 2)
    extents.push({ offset: numbers[index] ?? 0, length: numbers[index + 1] ?? 0 });
  return { extents, bytes: padded };
}
