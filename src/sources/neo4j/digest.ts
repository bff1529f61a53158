import { hash } from 'node:crypto';

/** SHA-256 of an entity's canonical text. */
export function entityHash(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

const LANES = 8;
const LANE = 2 ** 32;
/** Below this many additions a lane's sum is an exact number (2^32 * 2^20 < 2^53). */
const ADDITIONS = 2 ** 20;

/**
 * The digest of a multiset of hashes: their sum modulo 2^256. The order does not matter, and two equal entities do
 * not cancel each other, as they would with exclusive or.
 */
export class MultisetDigest {
  readonly #sums = new Float64Array(LANES);
  #additions = 0;

  add(entity: Buffer): void {
    for (let lane = 0; lane < LANES; lane += 1) {
      this.#sums[lane] = (this.#sums[lane] ?? 0) + entity.readUInt32BE(lane * 4);
    }
    this.#additions += 1;
    if (this.#additions === ADDITIONS) this.#carry();
  }

  hex(): string {
    this.#carry();
    return Array.from(this.#sums, (sum) => sum.toString(16).padStart(8, '0')).join('');
  }

  #carry(): void {
    this.#additions = 1;
    let carry = 0;
    for (let lane = LANES - 1; lane >= 0; lane -= 1) {
      const sum = (this.#sums[lane] ?? 0) + carry;
      carry = Math.floor(sum / LANE);
      this.#sums[lane] = sum % LANE;
    }
  }
}
