import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Command } from '../../../src/base/processes.ts';
import type { Artifact, ArtifactKind } from '../../../src/model/backup.ts';
import { compareFacts } from '../../../src/model/facts.ts';
import type { StagedRestore } from '../../../src/model/source.ts';
import { Connection } from '../../../src/sources/postgres/connection.ts';
import { rowFacts, sequencePositions } from '../../../src/sources/postgres/facts.ts';
import { objectFacts } from '../../../src/sources/postgres/object-counts.ts';
import { dumpedRelations } from '../../../src/sources/postgres/relations.ts';
import { restoringLogin } from '../../../src/sources/postgres/settings.ts';
import { beginReadOnly } from '../../../src/sources/postgres/snapshot.ts';
import { postgresSource } from '../../../src/sources/postgres/source.ts';
import {
  captureToFiles,
  type FileBackup,
  FileSafetyCopies,
  FileSink,
  MemoryJournal,
  testContext,
} from '../../support/file-backup.ts';
import { inventory, type NastyServer, startNasty } from './nasty.ts';

let nasty: NastyServer;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'pbs-postgres-'));
  nasty = await startNasty();
});

afterAll(async () => {
  await nasty?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

beforeEach(async () => {
  await nasty.sql('postgres', 'DROP DATABASE IF EXISTS live WITH (FORCE)');
  await nasty.sql('postgres', 'CREATE DATABASE live');
});

/** The superuser does it all, or a role of its own. */
function source(user = 'postgres', password = nasty.server.password) {
  return postgresSource({ ...nasty.settings, database: 'live', user, password });
}

async function restored(backup: FileBackup, journal = new MemoryJournal()): Promise<StagedRestore> {
  await using context = await testContext();
  const safety = new FileSafetyCopies(source(), directory);
  return await source().stage({ chain: [backup], target: 'live' }, journal, safety, context);
}

/** Captures, restores beside, and finds both equal. */
async function capturedAndStaged(): Promise<StagedRestore> {
  await using context = await testContext();
  const backup = await captureToFiles(source(), directory, context);
  const staged = await restored(backup);
  expect(compareFacts(backup.facts, await staged.facts(context))).toEqual([]);
  return staged;
}

test('what pg_dump leaves out is no difference: an index that is not valid, comments on inherited and temporary things', async () => {
  const other = await nasty.client('live');
  await nasty.sql(
    'live',
    `CREATE TABLE p (a int CHECK (a > 0), b int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
     CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
     CREATE TRIGGER t BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION f();
     CREATE TABLE parent (a int CHECK (a > 0)); CREATE TABLE child () INHERITS (parent); CREATE INDEX whole ON child (a);
     COMMENT ON CONSTRAINT p_a_check ON p IS 'kept'; COMMENT ON CONSTRAINT p_a_check ON p1 IS 'lost';
     COMMENT ON CONSTRAINT parent_a_check ON child IS 'lost'; COMMENT ON TRIGGER t ON p1 IS 'lost';
     COMMENT ON INDEX whole IS 'kept'; INSERT INTO child VALUES (1), (1)`,
  );
  await expect(nasty.sql('live', 'CREATE UNIQUE INDEX CONCURRENTLY broken ON child (a)')).rejects.toThrow(
    'could not create',
  );
  await other.query(
    `CREATE TEMPORARY TABLE passing (a int PRIMARY KEY CHECK (a > 0)); COMMENT ON TABLE passing IS 'x'; COMMENT ON COLUMN passing.a IS 'x';
     COMMENT ON CONSTRAINT passing_a_check ON passing IS 'x'; COMMENT ON INDEX passing_pkey IS 'x'`,
  );
  await using context = await testContext();
  await using staged = await capturedAndStaged();
  expect((await staged.facts(context))['objects comments']).toMatchObject({ value: 2 });
  await staged.discard(context);
  await other.end();
});

test('an event trigger that refuses DDL does not refuse the rest of its own restore', async () => {
  await nasty.sql(
    'live',
    `CREATE TABLE t AS SELECT 1 AS a; CREATE MATERIALIZED VIEW m AS SELECT * FROM t; CREATE INDEX ON m (a);
     CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no DDL here'; END $$;
     CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION refuse(); COMMENT ON EVENT TRIGGER e IS 'guard'`,
  );
  await using context = await testContext();
  await using staged = await capturedAndStaged();
  await staged.swap(context);
  await expect(nasty.sql('live', 'CREATE TABLE u ()')).rejects.toThrow('no DDL here');
  const [row] = await nasty.sql<{ said: string }>(
    'live',
    `SELECT obj_description(oid, 'pg_event_trigger') || (SELECT a FROM m) AS said FROM pg_event_trigger`,
  );
  expect(row?.said).toBe('guard1');
  await staged.finish(context);
});

const SUBSCRIPTION = `CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 port=1 dbname=x' PUBLICATION p WITH (connect = false`;

test('a subscription comes back and does not keep what it is in from being removed', async () => {
  await nasty.sql('live', `${SUBSCRIPTION}, slot_name = shared)`);
  await using context = await testContext();
  await using first = await capturedAndStaged();
  await first.discard(context);
  await using second = await capturedAndStaged();
  await second.swap(context);
  await second.finish(context);
  await second.finish(context);
  expect(await subscriptions()).toEqual([{ database: 'live', slot: 'shared' }]);
  await endSubscription();
  expect(await leftDatabases()).toEqual([]);
});

test('a subscription that has not come back is not removed with its slot unsaid', async () => {
  await using context = await testContext();
  await nasty.sql('live', 'CREATE TABLE t (a int)');
  const backup = await captureToFiles(source(), directory, context);
  await nasty.sql('live', `${SUBSCRIPTION}, slot_name = lonely)`);
  const journal = new MemoryJournal();
  await using staged = await restored(backup, journal);
  await staged.swap(context);
  await expect(staged.finish(context)).rejects.toMatchObject({
    kind: 'failed',
    message: expect.stringMatching(/subscription "s".*slot "lonely"/) as string,
    hint: expect.stringContaining('SET (slot_name = NONE)') as string,
  });
  expect(journal.notes).not.toContainEqual({ verb: 'finish' });
  const [replaced = ''] = await leftDatabases();
  await nasty.sql('postgres', `ALTER DATABASE ${replaced} ALLOW_CONNECTIONS true`);
  await nasty.sql(replaced, 'ALTER SUBSCRIPTION s DISABLE; ALTER SUBSCRIPTION s SET (slot_name = NONE)');
  await staged.finish(context);
  expect(await leftDatabases()).toEqual([]);
});

test('what the settings of a role do to its sessions is not in the dump', async () => {
  await nasty.sql(
    'live',
    `CREATE ROLE "rückwärts" LOGIN PASSWORD 'x'; GRANT pg_read_all_data TO "rückwärts"; ALTER ROLE "rückwärts" SET client_encoding = 'LATIN1';
     ALTER ROLE "rückwärts" SET datestyle = 'German'; ALTER ROLE "rückwärts" SET search_path = ''; ALTER ROLE "rückwärts" SET default_transaction_read_only = on;
     ALTER ROLE "rückwärts" SET lock_timeout = '1ms'; ALTER ROLE "rückwärts" SET idle_session_timeout = '200ms'; ALTER ROLE "rückwärts" SET statement_timeout = '1ms';
     CREATE TABLE t AS SELECT '物理 😀' AS a, date '2026-12-31' AS b`,
  );
  await using context = await testContext();
  const backup = await captureToFiles(source('rückwärts', 'x'), directory, context);
  await using staged = await restored(backup);
  await staged.swap(context);
  expect(await nasty.sql('live', 'SELECT a, b::text FROM t')).toEqual([{ a: '物理 😀', b: '2026-12-31' }]);
  await staged.finish(context);
});

test('counting leaves no lock behind, for a server has room for few', async () => {
  const many = Array.from({ length: 100 }, (_, n) => `CREATE TABLE t${n} (a serial PRIMARY KEY, b int UNIQUE)`);
  await nasty.sql('live', many.join(';'));
  const settings = { ...nasty.settings, database: 'live' };
  const place = { settings, login: restoringLogin(settings), database: 'live' };
  await using connection = await Connection.open(place, AbortSignal.timeout(30_000));
  await beginReadOnly(connection);
  const relations = await dumpedRelations(connection);
  expect(Object.keys(await rowFacts(connection, relations))).toHaveLength(100);
  expect(await sequencePositions(connection, relations)).toHaveLength(100);
  await objectFacts(connection, true);
  const locked = await connection.query(
    `SELECT relation FROM pg_locks WHERE pid = pg_backend_pid() AND relation >= 16384`,
  );
  expect(locked).toEqual([]);
});

test('a table that others may not read is named, with who has locked it', async () => {
  await nasty.sql('live', 'CREATE TABLE "held back" (a int)');
  const migration = await nasty.client('live');
  await migration.query('BEGIN');
  const sink = new BlockedSink(migration);
  await using context = await testContext();
  const before = await inventory(nasty);
  await expect(source().capture('daily', sink, () => undefined, context)).rejects.toMatchObject({
    kind: 'timeout',
    retrySafe: true,
    message: expect.stringMatching(
      /table public\."held back" .* session \d+ of role "postgres" waits to lock it/,
    ) as string,
    hint: expect.stringContaining('pg_terminate_backend') as string,
  });
  await sink.waiting; // the migration goes on as soon as we are gone
  await migration.query('ROLLBACK');
  await migration.end();
  expect(await inventory(nasty)).toEqual(before);
}, 60_000);

test('a restore over another database, and what slots it leaves behind, are warned of', async () => {
  await nasty.sql('live', 'CREATE TABLE t (a int)');
  await using context = await testContext();
  const backup = await captureToFiles(source(), directory, context);
  await nasty.sql('postgres', 'CREATE DATABASE elsewhere');
  const other = postgresSource({ ...nasty.settings, database: 'elsewhere' });
  const safety = new FileSafetyCopies(other, directory);
  await using staged = await other.stage({ chain: [backup], target: 'live' }, new MemoryJournal(), safety, context);
  expect(staged.warnings).toContain('the backup is of database "live", it is restored as "elsewhere"');
  await staged.discard(context);
  await nasty.sql('postgres', 'DROP DATABASE elsewhere');
});

test('sessions that a role may not end are said, and the live database goes on', async () => {
  await nasty.sql(
    'postgres',
    `CREATE ROLE plain LOGIN PASSWORD 'x' CREATEDB; CREATE ROLE stranger LOGIN PASSWORD 'x'; ALTER DATABASE live OWNER TO plain;`,
  );
  await nasty.sql('live', 'SET ROLE plain; CREATE SCHEMA own; CREATE TABLE own.t AS SELECT 1 AS a');
  const plain = postgresSource({
    ...nasty.settings,
    database: 'live',
    user: 'plain',
    password: 'x',
    superuser: undefined,
  });
  await using context = await testContext();
  const backup = await captureToFiles(plain, directory, context);
  const stranger = await nasty.client('live', { user: 'stranger', password: 'x' });
  const safety = new FileSafetyCopies(plain, directory);
  await using staged = await plain.stage({ chain: [backup], target: 'live' }, new MemoryJournal(), safety, context);
  await expect(staged.swap(context)).rejects.toMatchObject({
    kind: 'denied',
    message: expect.stringContaining('may not end the sessions of others') as string,
    hint: expect.stringContaining('GRANT pg_signal_backend TO "plain"') as string,
  });
  expect((await stranger.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await nasty.sql('postgres', 'GRANT pg_signal_backend TO plain');
  await staged.swap(context);
  await expect(stranger.query('SELECT 1')).rejects.toThrow(/terminat|not queryable/i);
  await staged.finish(context);
  expect(await leftDatabases()).toEqual([]);
});

/** Lets a session wait for a lock before pg_dump begins. */
class BlockedSink extends FileSink {
  waiting: Promise<unknown> = Promise.resolve();
  readonly #session: Client;

  constructor(session: Client) {
    super(directory);
    this.#session = session;
  }

  override async fromProcess(kind: ArtifactKind, command: Command): Promise<Artifact> {
    if (command.file === 'pg_dump') {
      this.waiting = this.#session.query('LOCK TABLE "held back" IN ACCESS EXCLUSIVE MODE');
      await expect.poll(() => ungranted()).toBe(1);
    }
    return await super.fromProcess(kind, command);
  }
}

async function ungranted(): Promise<number | undefined> {
  const [row] = await nasty.sql<{ count: number }>('postgres', 'SELECT count(*)::int FROM pg_locks WHERE NOT granted');
  return row?.count;
}

async function subscriptions(): Promise<unknown[]> {
  return await nasty.sql(
    'postgres',
    'SELECT datname AS database, subslotname AS slot FROM pg_subscription JOIN pg_database d ON d.oid = subdbid',
  );
}

async function endSubscription(): Promise<void> {
  await nasty.sql('live', 'ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s');
}

async function leftDatabases(): Promise<string[]> {
  const rows = await nasty.sql<{ datname: string }>(
    'postgres',
    `SELECT datname FROM pg_database WHERE datname ~ '_(restore|replaced)_'`,
  );
  return rows.map(({ datname }) => datname);
}
