import type { StagedState } from '../../model/source.ts';
import type { Connection } from './connection.ts';
import { type Marker, parseMarker, type OnceLive } from './marker.ts';

/** A database as the server has it now. */
export interface DatabaseRow {
  readonly oid: string;
  readonly name: string;
  readonly comment: string | null;
  readonly connectionLimit: number;
  readonly isTemplate: boolean;
  readonly allowConnections: boolean;
}

/** A database that this restore marked. */
export interface MarkedRow extends DatabaseRow {
  readonly marker: Marker;
}

/** What a restore knows of its databases: from the handle and the journal's notes. */
export interface Identity {
  readonly database: string;
  readonly staged: string;
  readonly replaced: string;
  readonly token: string;
  /** Of the staged database; it keeps it when it is renamed. Undefined while it may not exist. */
  readonly stagedOid: string | undefined;
  /** Whether there was a live database at the swap; undefined before. */
  readonly hadLive: boolean | undefined;
  readonly finished: boolean;
}

/** The databases of one restore. A staged one without a mark was created by us just before we were killed. */
export interface Census {
  readonly live: DatabaseRow | undefined;
  readonly staged: MarkedRow | undefined;
  readonly unmarked: DatabaseRow | undefined;
  readonly replaced: MarkedRow | undefined;
  readonly state: StagedState;
}

export async function takeCensus(connection: Connection, identity: Identity): Promise<Census> {
  const { database, staged, replaced, token } = identity;
  const rows = await connection.query<DatabaseRow & Record<string, unknown>>(
    `SELECT oid::text AS oid, datname AS name, shobj_description(oid, 'pg_database') AS comment, datconnlimit AS "connectionLimit",
            datistemplate AS "isTemplate", datallowconn AS "allowConnections"
       FROM pg_database WHERE datname = ANY($1)`,
    [[database, staged, replaced]],
  );
  const named = (name: string): DatabaseRow | undefined => rows.find((row) => row.name === name);
  const found = {
    live: named(database),
    staged: marked(named(staged), token),
    unmarked: asUnmarked(named(staged)),
    replaced: marked(named(replaced), token),
  };
  return { ...found, state: stateOf(found, identity) };
}

function marked(row: DatabaseRow | undefined, token: string): MarkedRow | undefined {
  const marker = parseMarker(row?.comment ?? null);
  return row === undefined || marker?.restore !== token ? undefined : { ...row, marker };
}

function asUnmarked(row: DatabaseRow | undefined): DatabaseRow | undefined {
  return row?.comment === null && !row.allowConnections ? row : undefined;
}

function stateOf({ live, staged, unmarked, replaced }: Omit<Census, 'state'>, identity: Identity): StagedState {
  if (staged !== undefined) return beside(staged.marker);
  if (unmarked !== undefined) return 'staging';
  if (live === undefined || live.oid !== identity.stagedOid) return 'gone';
  if (replaced !== undefined) return replaced.marker.part === 'returning' ? 'swapping' : 'swapped';
  if (identity.finished || identity.hadLive === true) return 'finished';
  return live.allowConnections ? 'swapped' : 'swapping';
}

function beside({ part }: Marker): StagedState {
  return part === 'replaced' || part === 'returning' ? 'staging' : part;
}

/** What a database has now, to be put back later. */
export function presentState({ comment, connectionLimit, isTemplate, allowConnections }: DatabaseRow): OnceLive {
  return { comment, connectionLimit, isTemplate, allowConnections };
}
