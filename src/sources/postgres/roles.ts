import type { RestoreJournal } from '../../model/source.ts';
import { type Connection, identifier } from './connection.ts';
import { hasCode } from './errors.ts';
import { type Globals, statementsFor } from './globals.ts';

type Note = Readonly<Record<string, string>>;

export async function existingRoles(connection: Connection): Promise<Set<string>> {
  const rows = await connection.query<{ rolname: string }>('SELECT rolname FROM pg_roles');
  return new Set(rows.map((row) => row.rolname));
}

/** Creates the missing roles, all or none. The transaction is noted before, so that it can be asked what became of it. */
export async function createRoles(
  connection: Connection,
  missing: ReadonlySet<string>,
  globals: Globals,
  journal: RestoreJournal,
): Promise<Note | undefined> {
  if (missing.size === 0) return undefined;
  const statements = statementsFor(missing, await existingRoles(connection), globals);
  await connection.query('BEGIN');
  const { xid } = await connection.one<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
  const note = { roles: JSON.stringify([...missing]), transaction: xid };
  await journal.note(note);
  for (const statement of statements) await connection.query(statement);
  await connection.query('COMMIT');
  return note;
}

/** Drops the roles that this restore created, except those that own or may do something by now, or are in use. */
export async function dropCreatedRoles(connection: Connection, notes: readonly Note[]): Promise<void> {
  for (const { roles, transaction } of notes) {
    if (roles === undefined || transaction === undefined) continue;
    if (await wasCreated(connection, transaction)) await dropIdle(connection, JSON.parse(roles) as string[]);
  }
}

/** A transaction too old to be remembered was ours and is long over: the roles are then judged by what they own. */
async function wasCreated(connection: Connection, transaction: string): Promise<boolean> {
  const { status } = await connection.one<{ status: string | null }>('SELECT pg_xact_status($1::xid8) AS status', [
    transaction,
  ]);
  return status === null || status === 'committed';
}

async function dropIdle(connection: Connection, roles: readonly string[]): Promise<void> {
  const idle = await connection.query<{ rolname: string }>(
    `SELECT rolname FROM pg_roles r
      WHERE rolname = ANY($1) AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.usesysid = r.oid)`,
    [roles],
  );
  for (const { rolname } of idle) {
    try {
      await connection.query(`DROP ROLE ${identifier(rolname)}`);
    } catch (error) {
      if (!hasCode(error, DEPENDENT_OBJECTS, UNDEFINED_OBJECT)) throw error;
    }
  }
}

const DEPENDENT_OBJECTS = '2BP01';
const UNDEFINED_OBJECT = '42704';
