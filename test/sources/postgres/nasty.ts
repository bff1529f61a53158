import { Client, escapeIdentifier as id, type QueryResult, type QueryResultRow } from 'pg';
import { startPostgres } from '../../../platform/servers/postgres.ts';
import type { ThrowawayServer } from '../../../platform/servers/server.ts';
import type { PostgresSettings } from '../../../src/sources/postgres/settings.ts';

/** Names that need quoting everywhere, in several alphabets. */
export const DATABASE = `Physik "Über=x' \\ assistant`;
const OWNER = 'physics "user"';
const OTHER = `Größe's reader`;
export const CAPTURE_ROLE = 'backup = role';
/** Nothing belongs to it, so that only the backup's roles know it. */
export const LONELY = 'only in globals';

export interface NastyServer extends AsyncDisposable {
  readonly server: ThrowawayServer;
  readonly settings: PostgresSettings;
  /** Runs statements as superuser; the rows of the last. */
  readonly sql: <Row extends QueryResultRow>(database: string, statements: string) => Promise<Row[]>;
  readonly client: (database: string, login?: { user: string; password: string }) => Promise<Client>;
}

export async function startNasty(): Promise<NastyServer> {
  const server = await startPostgres();
  const connection = { host: '127.0.0.1', port: server.port };
  const client: NastyServer['client'] = async (database, login = { user: 'postgres', password: server.password }) => {
    const session = new Client({
      ...connection,
      ...login,
      database,
      options: '-c statement_timeout=0 -c default_transaction_read_only=off',
    });
    session.on('error', () => undefined);
    await session.connect();
    return session;
  };
  const sql: NastyServer['sql'] = async <Row extends QueryResultRow>(database: string, statements: string) => {
    const session = await client(database);
    try {
      const result = await session.query<Row>(statements);
      return (Array.isArray(result) ? (result.at(-1) as QueryResult<Row>) : result).rows;
    } finally {
      await session.end();
    }
  };
  const settings: PostgresSettings = {
    ...connection,
    database: DATABASE,
    user: CAPTURE_ROLE,
    password: 'capture = it',
    superuser: 'postgres',
    superuserPassword: server.password,
  };
  await sql('postgres', 'ALTER SYSTEM SET max_prepared_transactions = 5');
  await server.stop();
  await server.start();
  return { server, settings, sql, client, [Symbol.asyncDispose]: () => server.remove() };
}

/** A database with what dumps are known to lose, and the roles it needs. */
export async function fill({ sql }: NastyServer): Promise<void> {
  await sql('postgres', ROLES);
  await sql(
    'postgres',
    `CREATE DATABASE ${id(DATABASE)} OWNER ${id(OWNER)} TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' CONNECTION LIMIT 17`,
  );
  await sql(DATABASE, CONTENT);
  await sql('postgres', PROPERTIES);
}

const ROLES = `
  CREATE ROLE ${id(OWNER)} LOGIN PASSWORD 'owner''s';
  CREATE ROLE ${id(OTHER)} NOLOGIN;
  CREATE ROLE "group" NOLOGIN;
  CREATE ROLE ${id(LONELY)} LOGIN PASSWORD 'x';
  CREATE ROLE ${id(CAPTURE_ROLE)} LOGIN PASSWORD 'capture = it' BYPASSRLS;
  GRANT pg_read_all_data TO ${id(CAPTURE_ROLE)};
  GRANT "group" TO ${id(OTHER)} WITH ADMIN OPTION;
  ALTER ROLE ${id(OTHER)} SET search_path TO 'a b', "public";
  COMMENT ON ROLE "group" IS E'semi;colon -- and ''quotes''\\nsecond line\\\\';`;

const PROPERTIES = `
  REVOKE ALL ON DATABASE ${id(DATABASE)} FROM PUBLIC;
  GRANT CONNECT ON DATABASE ${id(DATABASE)} TO ${id(OTHER)} WITH GRANT OPTION;
  GRANT CONNECT, TEMPORARY ON DATABASE ${id(DATABASE)} TO ${id(CAPTURE_ROLE)};
  ALTER DATABASE ${id(DATABASE)} SET search_path TO 'odd "schema"', public;
  ALTER DATABASE ${id(DATABASE)} SET statement_timeout TO '1ms';
  ALTER DATABASE ${id(DATABASE)} SET default_transaction_read_only TO on;
  ALTER DATABASE ${id(DATABASE)} SET "app.setting" TO 'a''b\\c = d';
  ALTER ROLE ${id(OWNER)} IN DATABASE ${id(DATABASE)} SET work_mem TO '7MB';
  COMMENT ON DATABASE ${id(DATABASE)} IS E'die "Datenbank"; it''s \\\\ live';`;

const CONTENT = `
  SET ROLE ${id(OWNER)};
  CREATE SCHEMA "odd ""schema""";
  CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'très heureux');
  CREATE DOMAIN positive AS int CHECK (VALUE > 0);
  CREATE TABLE students (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, mood mood, extra jsonb, tags text[]);
  INSERT INTO students (name, mood, extra, tags)
    SELECT 'Łukasz ' || n, 'très heureux', jsonb_build_object('n', n), ARRAY['a', NULL, 'b,"c'] FROM generate_series(1, 500) n;
  CREATE TABLE "odd ""schema"""."select" (id int, "Spalte mit Ä" bytea);
  INSERT INTO "odd ""schema"""."select" VALUES (1, '\\x00ff0041'), (2, NULL);
  CREATE TABLE events (at date NOT NULL, student bigint REFERENCES students, what text) PARTITION BY RANGE (at);
  CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY HASH (student);
  CREATE TABLE events_2026_0 PARTITION OF events_2026 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
  CREATE TABLE events_2026_1 PARTITION OF events_2026 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
  INSERT INTO events SELECT date '2025-06-01' + n, n % 500 + 1, 'e' || n FROM generate_series(1, 400) n;
  CREATE TABLE parent (a int); CREATE TABLE child (b int) INHERITS (parent);
  INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2, 3), (4, 5);
  CREATE SEQUENCE counter INCREMENT 5 START 100; SELECT nextval('counter'), nextval('counter');
  CREATE SEQUENCE untouched START 7; CREATE SEQUENCE down INCREMENT -2 MAXVALUE 1000 START 1000 CYCLE; SELECT nextval('down');
  CREATE SEQUENCE huge; SELECT setval('huge', 9223372036854775000);
  CREATE TABLE secrets (owner name DEFAULT current_user, what text);
  INSERT INTO secrets VALUES ('a', 'one'), ('b', 'two'), ('c', 'three');
  ALTER TABLE secrets ENABLE ROW LEVEL SECURITY; ALTER TABLE secrets FORCE ROW LEVEL SECURITY;
  CREATE POLICY own ON secrets USING (owner = current_user);
  CREATE VIEW happy AS SELECT * FROM students WHERE mood >= 'happy';
  CREATE MATERIALIZED VIEW moods AS SELECT mood, count(*) FROM students GROUP BY mood;
  CREATE INDEX by_tag ON students USING gin (tags); CREATE STATISTICS both_columns ON name, mood FROM students;
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN NEW.extra = '{}'; RETURN NEW; END $f$;
  CREATE TRIGGER touched BEFORE UPDATE ON students FOR EACH ROW EXECUTE FUNCTION touch();
  CREATE UNLOGGED TABLE cache (k text PRIMARY KEY); INSERT INTO cache VALUES ('x');
  COMMENT ON TABLE students IS 'les étudiants; "tous"'; COMMENT ON COLUMN students.name IS 'n';
  GRANT SELECT (name), UPDATE (mood) ON students TO ${id(OTHER)}; GRANT SELECT ON happy TO PUBLIC;
  ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO ${id(OTHER)};
  RESET ROLE;
  CREATE EXTENSION pgcrypto; CREATE EXTENSION hstore SCHEMA public;
  SELECT lo_from_bytea(4711, '\\xdeadbeef'); SELECT lo_from_bytea(4712, decode(repeat('00ff', 5000), 'hex'));
  ALTER LARGE OBJECT 4711 OWNER TO ${id(OTHER)}; COMMENT ON LARGE OBJECT 4711 IS 'ein Objekt';
  GRANT SELECT ON LARGE OBJECT 4711, 4712 TO ${id(CAPTURE_ROLE)};`;

const CATALOGUE = `
  SELECT json_build_object(
    'database', (SELECT row_to_json(d) FROM (
        SELECT datname, pg_get_userbyid(datdba) AS owner, pg_encoding_to_char(encoding) AS encoding, datcollate, datctype, datlocprovider,
               daticulocale, datistemplate, datallowconn, datconnlimit, shobj_description(oid, 'pg_database') AS comment,
               ARRAY(SELECT a::text FROM unnest(datacl) a ORDER BY 1) AS acl
          FROM pg_database WHERE datname = current_database()) d),
    'settings', (SELECT json_agg(s ORDER BY s) FROM (
        SELECT coalesce(pg_get_userbyid(nullif(setrole, 0)), '') || ' ' || unnest(setconfig) AS s FROM pg_db_role_setting
         WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())) x),
    'roles', (SELECT json_agg(row_to_json(r) ORDER BY rolname) FROM (
        SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit, rolpassword, rolvaliduntil,
               shobj_description(oid, 'pg_authid') AS comment,
               (SELECT setconfig FROM pg_db_role_setting WHERE setrole = pg_authid.oid AND setdatabase = 0) AS config
          FROM pg_authid WHERE rolname !~ '^pg_') r),
    'members', (SELECT json_agg(m ORDER BY m) FROM (
        SELECT format('%I in %I by %I %s', pg_get_userbyid(member), pg_get_userbyid(roleid), pg_get_userbyid(grantor), admin_option) AS m FROM pg_auth_members WHERE member >= 16384) x),
    'relations', (SELECT json_agg(row_to_json(c) ORDER BY name) FROM (
        SELECT format('%I.%I', relnamespace::regnamespace, relname) AS name, relkind, relpersistence, pg_get_userbyid(relowner) AS owner, relrowsecurity, relforcerowsecurity,
               ARRAY(SELECT a::text FROM unnest(relacl) a ORDER BY 1) AS acl, obj_description(oid, 'pg_class') AS comment,
               ARRAY(SELECT format('%I %s %s %s', attname, format_type(atttypid, atttypmod), attnotnull, attacl) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum) AS columns
          FROM pg_class c WHERE relnamespace::regnamespace::text !~ '^(pg_|information_schema)') c),
    'policies', (SELECT json_agg(row_to_json(p) ORDER BY policyname) FROM pg_policies p),
    'large objects', (SELECT json_agg(row_to_json(l) ORDER BY oid) FROM (
        SELECT oid, pg_get_userbyid(lomowner) AS owner, ARRAY(SELECT a::text FROM unnest(lomacl) a ORDER BY 1) AS acl, md5(lo_get(oid)) AS md5, obj_description(oid, 'pg_largeobject') AS comment
          FROM pg_largeobject_metadata) l),
    'default privileges', (SELECT json_agg(defaclacl::text) FROM pg_default_acl),
    'extensions', (SELECT json_agg(extname ORDER BY extname) FROM pg_extension),
    'sequences', (SELECT json_agg(row_to_json(s) ORDER BY sequencename) FROM pg_sequences s),
    'schemas', (SELECT json_agg(nspname || ' ' || pg_get_userbyid(nspowner) || ' ' || coalesce(nspacl::text, '') ORDER BY nspname) FROM pg_namespace WHERE nspname !~ '^pg_')
  ) AS catalogue`;

/** Everything that must be equal after a restore, taken straight from the server: catalogues, and a hash per table. */
export async function fingerprint({ sql }: NastyServer, database = DATABASE): Promise<unknown> {
  const settings = 'SET statement_timeout = 0; SET search_path = pg_catalog;';
  const [row] = await sql<{ catalogue: unknown }>(database, `${settings} ${CATALOGUE}`);
  const tables = await sql<{ name: string }>(
    database,
    `${settings} SELECT format('%I.%I', nspname, relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
      WHERE relkind IN ('r', 'm') AND nspname !~ '^(pg_|information_schema)' ORDER BY 1`,
  );
  const hashes: Record<string, unknown> = {};
  for (const { name } of tables)
    hashes[name] = await sql(
      database,
      `${settings} SELECT count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM ONLY ${name} t`,
    );
  return { catalogue: row?.catalogue, hashes };
}

/** All databases and roles there are: what a failed restore must not add to. */
export async function inventory({ sql }: NastyServer): Promise<unknown> {
  return await sql(
    'postgres',
    `SELECT 'database ' || datname || ' ' || datallowconn || ' ' || coalesce(shobj_description(oid, 'pg_database'), '') AS what FROM pg_database
      UNION ALL SELECT 'role ' || rolname || coalesce(rolpassword, '') FROM pg_authid ORDER BY 1`,
  );
}

/** The disaster: every database and the roles are gone. */
export async function destroy({ sql }: NastyServer): Promise<void> {
  const rows = await sql<{ datname: string }>(
    'postgres',
    `SELECT datname FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1')`,
  );
  for (const { datname } of rows) await sql('postgres', `DROP DATABASE ${id(datname)} WITH (FORCE)`);
  for (const role of [OWNER, OTHER, CAPTURE_ROLE, LONELY, 'group'])
    await sql('postgres', `DROP ROLE IF EXISTS ${id(role)}`);
}
