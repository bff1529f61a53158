import { createCipheriv, createHash } from 'node:crypto';

const POOL_BYTES = 1 << 20;
const WORDS = ['energy', 'Impuls', '运动', 'масса', 'the', 'lab', 'report', 'shows', 'that', 'm/s²', '0.5', 'E=mc²'];

/** Bytes of files: from two pools made once of the seed, each file cut from them at a place of its own. */
export class Content {
  readonly #seed: number;
  readonly #text: Buffer;
  readonly #noise: Buffer;

  constructor(seed: number) {
    this.#seed = seed;
    this.#noise = noise(seed, POOL_BYTES);
    this.#text = text(this.#noise);
  }

  /** What compresses: lines of words. */
  document(name: string, bytes: number): Buffer {
    return this.#cut(this.#text, name, bytes);
  }

  /** What does not: images, weights of models. */
  binary(name: string, bytes: number): Buffer {
    return this.#cut(this.#noise, name, bytes);
  }

  /** A number from 0 to n-1 that depends on the seed and the name alone. */
  pick(name: string, n: number): number {
    return createHash('sha256').update(`${this.#seed}/${name}`).digest().readUInt32LE() % n;
  }

  #cut(pool: Buffer, name: string, bytes: number): Buffer {
    const file = Buffer.alloc(bytes);
    const start = this.pick(name, pool.length);
    for (let at = 0, from = start; at < bytes; from = 0) at += pool.copy(file, at, from);
    file.write(`${name} ${this.#seed}\n`);
    return file;
  }
}

/** The key stream of AES in counter mode: as random as can be, and the same each time. */
function noise(seed: number, bytes: number): Buffer {
  const key = createHash('sha256').update(`noise/${seed}`).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(bytes));
}

function text(source: Buffer): Buffer {
  const words: string[] = [];
  for (const byte of source.subarray(0, POOL_BYTES / 4))
    words.push(WORDS[byte % WORDS.length] ?? '', byte < 20 ? '\n' : ' ');
  return Buffer.from(words.join(''));
}
