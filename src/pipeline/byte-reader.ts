import type { Readable } from 'node:stream';

/** Takes exact numbers of bytes from a stream, without copying. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: Readable) {
    this.#chunks = (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  }

  /** That many bytes; fewer only where the stream ended. */
  async take(length: number): Promise<Buffer[]> {
    const taken: Buffer[] = [];
    let missing = length;
    while (missing > 0 && !(await this.ended())) {
      const part = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(part.length);
      taken.push(part);
      missing -= part.length;
    }
    return taken;
  }

  /** Whether nothing is left; waits for the next bytes to know. */
  async ended(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) return true;
      this.#rest = next.value;
    }
    return false;
  }
}
