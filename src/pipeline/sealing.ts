import assert from 'node:assert/strict';
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { giveBack } from '../base/buffers.ts';
import { asError } from '../base/errors.ts';
import { cipherKey, type SealKeys } from './keys.ts';
import { SEGMENT_BYTES, segmentTag } from './segments.ts';

const MAGIC = Buffer.from('Salted__', 'latin1');

export interface SealOptions {
  readonly keys: SealKeys;
  readonly encrypt: boolean;
  /** Told the stored bytes so far, once per segment. */
  readonly onBytes?: (stored: number) => void;
}

/**
 * Turns bytes into the stored file of format 1 in one pass: encrypted (unless that is off), tagged, hashed, counted.
 * A segment is held back until it is known whether it is the last, which its tag covers: 4 MiB at any size of data.
 */
export class Sealing {
  /** The tags, to be stored beside the file. */
  readonly tags = new Readable({ read: () => undefined });
  readonly #options: SealOptions;
  readonly #hash = createHash('sha256');
  #segment: Buffer[] = [];
  #held = 0;
  #index = 0;
  #storedBytes = 0;
  #sha256: string | undefined;

  constructor(options: SealOptions) {
    this.#options = options;
    this.tags.on('error', () => undefined); // whoever stores the tags sees it; there may be nobody yet
  }

  /**
   * The stored bytes. Ends only after `input`, whose chunks are ours to use up, has ended; a failure of `input` is one
   * of the tags too.
   */
  async *stored(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of this.#options.encrypt ? encrypted(input, this.#options.keys) : input) {
        yield* this.#add(chunk);
      }
      yield* this.#close(true);
      this.#sha256 = this.#hash.digest('hex');
      this.tags.push(null);
    } catch (error) {
      this.tags.destroy(asError(error));
      throw error;
    } finally {
      if (this.#sha256 === undefined) this.tags.destroy(new Error('the artifact was not completed'));
    }
  }

  /** Size and hash of what was stored; only after `stored` has ended. */
  summary(): { storedBytes: number; storedSha256: string } {
    assert(this.#sha256 !== undefined, 'the artifact was not completed');
    return { storedBytes: this.#storedBytes, storedSha256: this.#sha256 };
  }

  *#add(chunk: Buffer): Generator<Buffer> {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#held === SEGMENT_BYTES) yield* this.#close(false);
      const part = rest.subarray(0, SEGMENT_BYTES - this.#held);
      this.#segment.push(part);
      this.#held += part.length;
      rest = rest.subarray(part.length);
    }
  }

  *#close(final: boolean): Generator<Buffer> {
    const chunks = this.#segment;
    this.tags.push(segmentTag(this.#options.keys.authentication, this.#index, final, chunks));
    for (const chunk of chunks) this.#hash.update(chunk);
    this.#storedBytes += this.#held;
    this.#index += 1;
    this.#segment = [];
    this.#held = 0;
    this.#options.onBytes?.(this.#storedBytes);
    yield* chunks;
  }
}

async function* encrypted(input: AsyncIterable<Buffer>, keys: SealKeys): AsyncGenerator<Buffer> {
  const salt = randomBytes(8);
  const { key, iv } = cipherKey(keys.encryption, salt);
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  yield Buffer.concat([MAGIC, salt]);
  for await (const chunk of input) {
    const sealed = cipher.update(chunk);
    giveBack(chunk);
    if (sealed.length > 0) yield sealed;
  }
  yield cipher.final();
}
