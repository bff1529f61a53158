import { createHash } from 'node:crypto';

const WORD = 64;

/**
 * A hash of a collection that does not depend on the order in which it is read, in constant memory: SHA-256 of each
 * element, added up (modulo 2^64, two words of it). Made to find accidents, not forgeries.
 */
export class MultisetHash {
  #count = 0;
  #first = 0n;
  #second = 0n;

  /** Returns the SHA-256 of the element. */
  add(element: string | Uint8Array): Buffer {
    const digest = createHash('sha256').update(element).digest();
    this.#count += 1;
    this.#first = BigInt.asUintN(WORD, this.#first + digest.readBigUInt64LE(0));
    this.#second = BigInt.asUintN(WORD, this.#second + digest.readBigUInt64LE(8));
    return digest;
  }

  /** `<count> <hash>`. */
  toString(): string {
    return `${this.#count} ${hexadecimal(this.#first)}${hexadecimal(this.#second)}`;
  }
}

function hexadecimal(word: bigint): string {
  return word.toString(16).padStart(WORD / 4, '0');
}

/** Multiset hashes by name; made when first asked for. */
export class MultisetHashes {
  readonly #hashes = new Map<string, MultisetHash>();

  /** Returns the SHA-256 of the element. */
  add(name: string, element: string | Uint8Array): Buffer {
    let hash = this.#hashes.get(name);
    if (hash === undefined) this.#hashes.set(name, (hash = new MultisetHash()));
    return hash.add(element);
  }

  toFingerprint(): Record<string, string> {
    return Object.fromEntries([...this.#hashes].map(([name, hash]) => [name, String(hash)]));
  }
}

/** The first half of a SHA-256, in hexadecimal. */
export function shortHash(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 32);
}

/** Bytes as text that is the same only for the same bytes: printable ASCII as it is, the rest as \xNN. */
export function escapeBytes(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    const printable = byte >= 0x20 && byte < 0x7f && byte !== 0x5c;
    text += printable ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return text;
}
