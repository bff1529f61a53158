import type { Result } from 'neo4j-driver';

/** Rows on their way at most, and again as many that wait. */
export const FETCH_SIZE = 500;

/**
 * The first column of the rows, as many at a time as have come; the reader's pace becomes the server's. The driver's
 * own iterator makes several promises a row, which costs a quarter of the speed and twice the memory of this.
 */
export class RowStream {
  readonly #result: Result;
  #rows: unknown[] = [];
  #ended = false;
  #failure: Error | undefined;
  #more = Promise.withResolvers<undefined>();
  #paused = true;

  constructor(result: Result) {
    this.#result = result;
  }

  async *batches(): AsyncGenerator<readonly unknown[], void, undefined> {
    const source = await this.#subscribe();
    try {
      for (;;) {
        if (this.#rows.length === 0 && this.#paused) this.#resume(source);
        if (this.#rows.length === 0 && !this.#isOver) await this.#next();
        const rows = this.#rows;
        this.#rows = [];
        if (rows.length > 0) yield rows;
        else if (this.#failure !== undefined) throw this.#failure;
        else if (this.#ended) return;
      }
    } finally {
      if (!this.#isOver) source.cancel();
    }
  }

  get #isOver(): boolean {
    return this.#ended || this.#failure !== undefined;
  }

  /** Not of the driver's documented interface, but of its types: the only way to make a subscription wait. */
  async #subscribe(): Promise<Source> {
    const source = await this.#result._subscribe(
      {
        onNext: (row) => {
          this.#rows.push(row.get(0));
          if (this.#rows.length >= FETCH_SIZE && !this.#paused) this.#pause(source);
          this.#wake();
        },
        onCompleted: () => {
          this.#ended = true;
          this.#wake();
        },
        onError: (error) => {
          this.#failure = error;
          this.#wake();
        },
      },
      true,
    );
    return source;
  }

  #pause(source: Source): void {
    this.#paused = true;
    source.pause();
  }

  #resume(source: Source): void {
    this.#paused = false;
    source.resume();
  }

  #wake(): void {
    this.#more.resolve(undefined);
  }

  async #next(): Promise<void> {
    await this.#more.promise;
    this.#more = Promise.withResolvers<undefined>();
  }
}

type Source = Awaited<ReturnType<Result['_subscribe']>>;
