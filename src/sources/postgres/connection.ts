import { Client, type ClientConfig, escapeIdentifier, escapeLiteral, type QueryResultRow } from 'pg';
import { abortError, throwIfAborted } from '../../base/errors.ts';
import { databaseError, hasCode } from './errors.ts';
import { maintenancePlace, NO_STATEMENT_TIMEOUT, type Login, type Place, type PostgresSettings } from './settings.ts';

/** A name as SQL spells it. */
export const identifier: (name: string) => string = escapeIdentifier;
/** A string as SQL spells it. */
export const literal: (text: string) => string = escapeLiteral;

const CONNECT_MILLISECONDS = 15_000;

/**
 * No time limit of the server, the database or the role may end our work half-way; rows hidden by row-level security
 * are an error instead of missing; names are only looked up where nobody else can put something.
 */
const SESSION_SETTINGS = `
  SELECT pg_catalog.set_config(name, value, false)
    FROM (VALUES ('statement_timeout', '0'), ('lock_timeout', '0'), ('idle_in_transaction_session_timeout', '0'),
                 ('idle_session_timeout', '0'), ('transaction_timeout', '0'), ('row_security', 'off'),
                 ('search_path', 'pg_catalog'), ('default_transaction_read_only', 'off'),
                 ('default_transaction_isolation', 'read committed')) AS wanted (name, value)
   WHERE pg_catalog.current_setting(name, true) IS NOT NULL`;

const PROTOCOL_VIOLATION = '08P01';

/** One session. Its running query is cancelled on the server when the signal aborts. Errors are BackupErrors. */
export class Connection implements AsyncDisposable {
  readonly place: Place;
  readonly #client: Client;
  readonly #signal: AbortSignal;
  readonly #cancel = (): void => void this.#cancelQuery();

  private constructor(place: Place, client: Client, signal: AbortSignal) {
    this.place = place;
    this.#client = client;
    this.#signal = signal;
    signal.addEventListener('abort', this.#cancel, { once: true });
  }

  static async open(place: Place, signal: AbortSignal): Promise<Connection> {
    try {
      return await Connection.#open(place, NO_STATEMENT_TIMEOUT, signal);
    } catch (error) {
      if (!hasCode(error, PROTOCOL_VIOLATION)) throw error;
      return await Connection.#open(place, undefined, signal); // a pooler that passes no options on
    }
  }

  static async #open(place: Place, options: string | undefined, signal: AbortSignal): Promise<Connection> {
    throwIfAborted(signal);
    const client = new Client({ ...clientConfig(place), options });
    client.on('error', () => undefined); // a lost session fails its next query
    try {
      await unlessAborted(client.connect(), signal);
      await client.query(SESSION_SETTINGS);
    } catch (error) {
      void client.end().catch(() => undefined);
      throw signal.aborted ? abortError(signal) : databaseError(error, place);
    }
    return new Connection(place, client, signal);
  }

  async query<Row extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<Row[]> {
    throwIfAborted(this.#signal);
    try {
      // without values the simple protocol is used, in which LOCK TABLE takes no snapshot
      const { rows } = await this.#client.query<Row>(sql, values === undefined ? undefined : [...values]);
      return rows;
    } catch (error) {
      throw this.#signal.aborted ? abortError(this.#signal) : databaseError(error, this.place);
    }
  }

  /** The only row of a query that has exactly one. */
  async one<Row extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<Row> {
    const [row] = await this.query<Row>(sql, values);
    if (row === undefined) throw databaseError(new Error(`no row: ${sql}`), this.place);
    return row;
  }

  /** False when a pooler stands between: its answer about whom we talk to is not the server's. */
  async isDirect(): Promise<boolean> {
    const { pid } = await this.one<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    return pid === this.#pid;
  }

  /** All statements or none. */
  async transaction(statements: readonly string[]): Promise<void> {
    await this.query('BEGIN');
    try {
      for (const statement of statements) await this.query(statement);
      await this.query('COMMIT');
    } catch (error) {
      await this.#client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal.removeEventListener('abort', this.#cancel);
    await this.#client.end().catch(() => undefined);
  }

  /** As the server said it on connecting; the driver has it, its types do not. */
  get #pid(): number {
    return (this.#client as unknown as { processID: number }).processID;
  }

  async #cancelQuery(): Promise<void> {
    try {
      await using other = await Connection.open(this.place, AbortSignal.timeout(CONNECT_MILLISECONDS));
      await other.query('SELECT pg_cancel_backend($1)', [this.#pid]);
    } catch {
      await this.#client.end().catch(() => undefined);
    }
  }
}

/** A session in a database that is neither restored nor renamed. */
export async function openMaintenance(
  settings: PostgresSettings,
  signal: AbortSignal,
  login?: Login,
): Promise<Connection> {
  const place = maintenancePlace(settings, login);
  try {
    return await Connection.open(place, signal);
  } catch (error) {
    if (!hasCode(error, '3D000')) throw error;
    return await Connection.open({ ...place, database: 'template1' }, signal);
  }
}

function clientConfig({ settings, login, database }: Place): ClientConfig {
  return {
    host: settings.host,
    port: settings.port,
    database,
    user: login.user,
    password: login.password,
    application_name: 'physics-backup',
    connectionTimeoutMillis: CONNECT_MILLISECONDS,
    keepAlive: true,
  };
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(abortError(signal));
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
    work.catch(() => undefined);
  }
}
