import { setTimeout as delay } from 'node:timers/promises';
import { BackupError } from '../../base/errors.ts';
import type { Census, DatabaseRow, Identity, MarkedRow } from './census.ts';
import { presentState } from './census.ts';
import { type Connection, identifier, literal } from './connection.ts';
import { hasCode } from './errors.ts';
import { formatMarker, type Marker, type OnceLive } from './marker.ts';

const OBJECT_IN_USE = '55006';
const INSUFFICIENT_PRIVILEGE = '42501';
const RENAME_ATTEMPTS = 5;
const GONE_SECONDS = 60;

function comment(name: string, text: string | null): string {
  return `COMMENT ON DATABASE ${identifier(name)} IS ${text === null ? 'NULL' : literal(text)}`;
}

export function mark(name: string, marker: Marker): string {
  return comment(name, formatMarker(marker));
}

export function allowConnections(name: string, allowed: boolean): string {
  return `ALTER DATABASE ${identifier(name)} ALLOW_CONNECTIONS ${allowed}`;
}

function rename(from: string, to: string): string {
  return `ALTER DATABASE ${identifier(from)} RENAME TO ${identifier(to)}`;
}

/** What makes a database the live one again, or for the first time. */
function putBack(name: string, onceLive: OnceLive): string[] {
  const { connectionLimit, isTemplate } = onceLive;
  return [
    comment(name, onceLive.comment),
    `ALTER DATABASE ${identifier(name)} CONNECTION LIMIT ${connectionLimit} IS_TEMPLATE ${isTemplate} ALLOW_CONNECTIONS ${onceLive.allowConnections}`,
  ];
}

/** Nobody new comes into the live and the staged database; noted in the staged one's mark in the same transaction. */
export function refuseForSwap(staged: MarkedRow, live: DatabaseRow | undefined): string[] {
  const liveAllowed = staged.marker.liveAllowed ?? live?.allowConnections ?? true;
  return [
    ...(live === undefined ? [] : [allowConnections(live.name, false)]),
    allowConnections(staged.name, false),
    mark(staged.name, { ...staged.marker, part: 'swapping', liveAllowed }),
  ];
}

/** Both renames, and all that makes the new one the live one, in one transaction. */
export function renameForSwap(
  staged: MarkedRow,
  live: DatabaseRow | undefined,
  { database, replaced, token }: Identity,
): string[] {
  const { onceLive, liveAllowed = true } = staged.marker;
  return [
    ...(live === undefined
      ? []
      : setAside(live, replaced, {
          restore: token,
          part: 'replaced',
          onceLive: { ...presentState(live), allowConnections: liveAllowed },
        })),
    rename(staged.name, database),
    ...putBack(database, onceLive),
  ];
}

/** Ends a swap before its renames: the live database is as it was. */
export function abandonSwap(
  staged: MarkedRow,
  live: DatabaseRow | undefined,
  part: 'staged' | 'rolled-back',
): string[] {
  const { liveAllowed = true, ...marker } = staged.marker;
  return [
    ...(live === undefined ? [] : [allowConnections(live.name, liveAllowed)]),
    allowConnections(staged.name, true),
    mark(staged.name, { ...marker, part }),
  ];
}

/** Nobody new comes into the restored database, which is to leave again. */
export function refuseForReturn({ live, replaced }: Census): string[] {
  return [
    ...(live === undefined ? [] : [allowConnections(live.name, false)]),
    ...(replaced === undefined ? [] : [mark(replaced.name, { ...replaced.marker, part: 'returning' })]),
  ];
}

/** The restored database becomes the staged one again, and what was replaced the live one. */
export function renameForReturn({ live, replaced }: Census, { database, staged, token }: Identity): string[] {
  return [
    ...(live === undefined
      ? []
      : [
          ...setAside(live, staged, {
            restore: token,
            part: 'rolled-back',
            onceLive: { ...presentState(live), allowConnections: true },
          }),
          allowConnections(staged, true),
        ]),
    ...(replaced === undefined
      ? []
      : [rename(replaced.name, database), ...putBack(database, replaced.marker.onceLive)]),
  ];
}

/** Ends a swap or a return before its renames: what was live stays so. */
export function abandonExchange({ live, staged, replaced }: Census): string[] {
  if (staged !== undefined) return abandonSwap(staged, live, 'staged');
  return [
    ...(live === undefined ? [] : [allowConnections(live.name, true)]),
    ...(replaced === undefined ? [] : [mark(replaced.name, { ...replaced.marker, part: 'replaced' })]),
  ];
}

function setAside(row: DatabaseRow, name: string, marker: Marker): string[] {
  return [rename(row.name, name), mark(name, marker)];
}

/** Renames once the sessions are gone; one that was just coming in when connections were refused is ended too. */
export async function renameWhenEmpty(
  connection: Connection,
  databases: readonly DatabaseRow[],
  statements: readonly string[],
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await endSessions(connection, databases);
    try {
      return await connection.transaction(statements);
    } catch (error) {
      if (!hasCode(error, OBJECT_IN_USE) || attempt === RENAME_ATTEMPTS) throw error;
    }
  }
}

/** A prepared transaction belongs to no session, and no database that has one can be renamed. */
export async function assertNothingPrepared(connection: Connection, database: string): Promise<void> {
  const [row] = await connection.query<{ gid: string }>('SELECT gid FROM pg_prepared_xacts WHERE database = $1', [
    database,
  ]);
  if (row === undefined) return;
  throw new BackupError(`postgres: database "${database}" has a prepared transaction ${literal(row.gid)}`, {
    kind: 'failed',
    hint: `in database "${database}": COMMIT PREPARED ${literal(row.gid)}; or ROLLBACK PREPARED ${literal(row.gid)};`,
  });
}

/** Ends every session in the databases; returns when none is left. */
async function endSessions(connection: Connection, databases: readonly DatabaseRow[]): Promise<void> {
  const deadline = performance.now() + GONE_SECONDS * 1000;
  for (;;) {
    const left = await terminate(connection, databases);
    if (left.length === 0) return;
    if (performance.now() > deadline) throw stubborn(left.map((each) => each.pid));
    await delay(20);
  }
}

async function terminate(connection: Connection, databases: readonly DatabaseRow[]): Promise<{ pid: number }[]> {
  try {
    return await connection.query<{ pid: number }>(
      `SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE datid = ANY($1::oid[]) AND pid <> pg_backend_pid()`,
      [databases.map((each) => each.oid)],
    );
  } catch (cause) {
    if (!hasCode(cause, INSUFFICIENT_PRIVILEGE)) throw cause;
    const role = identifier(connection.place.login.user);
    throw new BackupError(`postgres: role ${role} may not end the sessions of others in the database`, {
      kind: 'denied',
      hint: `GRANT pg_signal_backend TO ${role}; or give POSTGRES_SUPERUSER and POSTGRES_PASSWORD`,
      cause,
    });
  }
}

function stubborn(pids: readonly number[]): BackupError {
  return new BackupError(`postgres: sessions ${pids.join(', ')} did not end within ${GONE_SECONDS} s`, {
    kind: 'timeout',
    hint: 'see pg_stat_activity for what they do, end them, and run this again',
    retrySafe: true,
  });
}
