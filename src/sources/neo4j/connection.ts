import neo4j, { type Driver, type Record as Row, type Session } from 'neo4j-driver';
import { abortError } from '../../base/errors.ts';
import { graphError } from './errors.ts';
import { FETCH_SIZE, RowStream } from './row-stream.ts';
import type { Neo4jAddress } from './settings.ts';

/** A server over Bolt. Aborting the signal closes it, so that whatever waits for the server fails at once. */
export class Graph implements AsyncDisposable {
  readonly address: Neo4jAddress;
  readonly #driver: Driver;
  readonly #signal: AbortSignal;
  readonly #close = (): void => void this.#driver.close();

  private constructor(address: Neo4jAddress, driver: Driver, signal: AbortSignal) {
    this.address = address;
    this.#driver = driver;
    this.#signal = signal;
    signal.addEventListener('abort', this.#close, { once: true });
  }

  /** Connects and logs in. Kinds: `unreachable`, `denied`, `missing`, `cancelled`. */
  static async open(address: Neo4jAddress, signal: AbortSignal): Promise<Graph> {
    if (signal.aborted) throw abortError(signal);
    const { host, port, user, password } = address;
    const url = `bolt://${host.includes(':') ? `[${host}]` : host}:${port}`;
    // Integers stay the driver's own type, which loses nothing (disableLosslessIntegers is off).
    const driver = neo4j.driver(url, neo4j.auth.basic(user, password), {
      connectionTimeout: 10_000,
      maxTransactionRetryTime: 0,
      fetchSize: FETCH_SIZE,
      userAgent: 'physics-backup',
    });
    const graph = new Graph(address, driver, signal);
    try {
      await graph.run(address.database === 'system' ? 'SHOW DATABASES' : 'RETURN 1'); // each understands only its own
      return graph;
    } catch (error) {
      await graph[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Runs one statement in a transaction of its own; all its rows, which must be few. */
  async run(statement: string, parameters: Readonly<Record<string, unknown>> = {}): Promise<Row[]> {
    return await this.use('WRITE', async (session) => (await session.run(statement, parameters)).records);
  }

  /** Works with a session; failures become errors of ours. */
  async use<T>(mode: 'READ' | 'WRITE', work: (session: Session) => Promise<T>): Promise<T> {
    const session = this.#driver.session({ database: this.address.database, defaultAccessMode: mode });
    try {
      return await work(session);
    } catch (error) {
      throw this.#error(error);
    } finally {
      await session.close().catch(() => undefined); // what failed was thrown already
    }
  }

  /** The first column of the rows, many at a time; the reader's pace is the server's. */
  async *stream(statement: string): AsyncGenerator<readonly unknown[], void, undefined> {
    const session = this.#driver.session({ database: this.address.database, defaultAccessMode: 'READ' });
    try {
      yield* new RowStream(session.run(statement)).batches();
    } catch (error) {
      throw this.#error(error);
    } finally {
      await session.close().catch(() => undefined);
    }
  }

  /** The bookmark of a fresh read transaction: names the database and its last transaction (consistency.ts). */
  async bookmark(): Promise<string> {
    return await this.use('READ', async (session) => {
      await session.run('RETURN 1');
      return session.lastBookmarks()[0] ?? '';
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal.removeEventListener('abort', this.#close);
    await this.#driver.close();
  }

  #error(error: unknown): Error {
    return this.#signal.aborted ? abortError(this.#signal) : graphError(error, this.address);
  }
}
