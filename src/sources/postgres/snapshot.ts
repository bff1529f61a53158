import type { Connection } from './connection.ts';
import { hasCode } from './errors.ts';
import { lockedTable } from './locks.ts';
import { dumpedRelations, type DumpedRelation } from './relations.ts';

/** One moment of the database, which other sessions can be put at while its session is open. */
export interface Snapshot {
  readonly id: string;
  /** Whether no pooler stands between: it would refuse options. */
  readonly direct: boolean;
  /** Of the database. */
  readonly encoding: string;
  readonly relations: readonly DumpedRelation[];
}

const LOCK_WAIT = '60s';
const LOCKS_PER_STATEMENT = 500;
const ATTEMPTS = 5;
const UNDEFINED_TABLE = '42P01';
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Begins a transaction that sees one moment and exports it. The tables are locked (against TRUNCATE, DROP and ALTER,
 * nothing else) before the moment is taken: TRUNCATE is not hidden by a snapshot, and would leave a table empty in a
 * dump that began before it (PostgreSQL, "Caveats" of concurrency control).
 */
export async function exportSnapshot(connection: Connection): Promise<Snapshot> {
  const direct = await connection.isDirect();
  for (let attempt = 1; ; attempt++) {
    const listed = await dumpedRelations(connection);
    try {
      await beginLocked(connection, listed);
      const { id, encoding } = await connection.one<{ id: string; encoding: string }>(
        `SELECT pg_export_snapshot() AS id, current_setting('server_encoding') AS encoding`,
      );
      return { id, direct, encoding, relations: await dumpedRelations(connection) }; // with what was made since the first list
    } catch (error) {
      if (hasCode(error, LOCK_NOT_AVAILABLE)) throw await locked(connection, error);
      if (!hasCode(error, UNDEFINED_TABLE) || attempt === ATTEMPTS) throw error;
      await connection.query('ROLLBACK'); // a table was dropped between the list and its lock
    }
  }
}

/** The same moment that `exportSnapshot` has, without the export: for counting a copy that nobody changes. */
export async function beginReadOnly(connection: Connection): Promise<void> {
  await connection.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
}

async function locked(connection: Connection, error: unknown): Promise<unknown> {
  await connection.query('ROLLBACK');
  return (await lockedTable(connection, error)) ?? error;
}

async function beginLocked(connection: Connection, relations: readonly DumpedRelation[]): Promise<void> {
  const tables = relations.filter((each) => each.kind !== 'sequence').map((each) => `ONLY ${each.name}`);
  await beginReadOnly(connection);
  await connection.query(`SET LOCAL lock_timeout = '${LOCK_WAIT}'`);
  for (let start = 0; start < tables.length; start += LOCKS_PER_STATEMENT)
    await connection.query(
      `LOCK TABLE ${tables.slice(start, start + LOCKS_PER_STATEMENT).join(', ')} IN ACCESS SHARE MODE`,
    );
}
