import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { libpqEnvironment, platformDatabase, withPostgres } from '../../platform/clients/postgres.ts';
import { destroyPostgres } from '../../platform/data/destroy.ts';
import { seedPostgres } from '../../platform/data/postgres/seed.ts';
import { differingNames } from '../../platform/fingerprint/compare.ts';
import type { Fingerprint } from '../../platform/fingerprint/fingerprint.ts';
import { fingerprintPostgres } from '../../platform/fingerprint/postgres/fingerprint.ts';
import { type OwnServices, startServices } from '../support/system/own-services.ts';

let services: OwnServices;
let before: Fingerprint;

beforeAll(async () => {
  services = await startServices(['postgres']);
  before = await fingerprintPostgres(services.environment);
});
afterAll(() => services[Symbol.asyncDispose]());

async function query(sql: string): Promise<void> {
  const { environment } = services;
  await withPostgres(environment, 'superuser', platformDatabase(environment), (client) => client.query(sql));
}

/** What differs since the last call; the state now is what the next is compared with. */
async function changed(): Promise<string[]> {
  const after = await fingerprintPostgres(services.environment);
  const names = differingNames(before, after);
  before = after;
  return names;
}

describe('names exactly what was changed', () => {
  test.each<[what: string, sql: string, names: string[]]>([
    [
      'one bit of a bytea',
      'UPDATE attachments SET content = set_bit(content, 17, 1 - get_bit(content, 17)) WHERE original = 500003',
      ['rows public.attachments'],
    ],
    ['-0 to 0', `UPDATE every_type SET double = 0 WHERE double::text = '-0'`, ['rows public.every_type']],
    ['1.50 to 1.5', `UPDATE every_type SET exact = 1.5 WHERE exact = 1.5`, ['rows public.every_type']],
    ['NULL to an empty text', `UPDATE sensors SET unit = '' WHERE unit IS NULL`, ['rows public.sensors']],
    [
      'composed to decomposed',
      `UPDATE messages SET body = normalize(body, NFD) WHERE body LIKE 'cafe%'`,
      ['rows public.messages'],
    ],
    ['a row twice', `INSERT INTO lessons SELECT * FROM lessons WHERE room = 2 LIMIT 1`, ['rows public.lessons']],
    [
      'a row less in a partition',
      'DELETE FROM interactions_2026 WHERE id = (SELECT min(id) FROM interactions_2026)',
      ['rows public.interactions_2026'],
    ],
    [
      'a column default',
      `ALTER TABLE nothing_yet ALTER later SET DEFAULT '{}'`,
      ['catalogue TABLE public.nothing_yet'],
    ],
    ['an index dropped', 'DROP INDEX problems_bounds', ['catalogue INDEX public.problems_bounds']],
    ['a logged table', 'ALTER TABLE cache_entries SET LOGGED', ['catalogue TABLE public.cache_entries']],
    [
      'a trigger on',
      'ALTER TABLE messages ENABLE TRIGGER switched_off',
      ['catalogue TRIGGER public.messages switched_off'],
    ],
    ['a policy', 'ALTER POLICY readable ON grades TO physics_app', ['catalogue POLICY public.grades readable']],
    ['row security off', 'ALTER TABLE grades DISABLE ROW LEVEL SECURITY', ['catalogue ROW SECURITY public.grades']],
    ['a right', 'REVOKE SELECT ON devices FROM physics_app', ['catalogue ACL public.TABLE devices']],
    ['an owner', 'ALTER SEQUENCE never_used OWNER TO physics_batch', ['catalogue SEQUENCE public.never_used']],
    ['a comment', `COMMENT ON SCHEMA analytics IS 'other'`, ['catalogue COMMENT -.SCHEMA analytics']],
    [
      'a constraint validated',
      'ALTER TABLE problems VALIDATE CONSTRAINT statement_is_long',
      ['catalogue CHECK CONSTRAINT public.problems statement_is_long', 'catalogue TABLE public.problems'],
    ],
    ['a view emptied', 'REFRESH MATERIALIZED VIEW analytics.by_kind WITH NO DATA', ['rows analytics.by_kind']],
    ['a sequence', `SELECT nextval('tickets')`, ['sequence public.tickets']],
    ['a sequence not yet called', `SELECT setval('never_used', 42, true)`, ['sequence public.never_used']],
    ['a byte of a large object', `SELECT lo_put(500001, 5, '\\xff')`, ['large object 500001']],
    ['the end of a large object', `SELECT lo_put(500002, 443, '\\x00')`, ['large object 500002']],
    ['a right on a large object', 'REVOKE SELECT ON LARGE OBJECT 500002 FROM physics_app', ['large object 500002']],
    ['the owner of a large object', 'ALTER LARGE OBJECT 500003 OWNER TO physics_batch', ['large object 500003']],
    ['a large object removed', 'SELECT lo_unlink(500007)', ['large object 500007']],
    ['a password', `ALTER ROLE physics_app PASSWORD 'another'`, ['role physics_app']],
    ['a setting of a role', `ALTER ROLE physics_batch SET work_mem = '65MB'`, ['role physics_batch']],
    [
      'a setting of a role in the database',
      'ALTER ROLE physics_batch IN DATABASE physics_assistant RESET ALL',
      ['role physics_batch'],
    ],
    ['an attribute of a role', 'ALTER ROLE physics_bob INHERIT', ['role physics_bob']],
    ['a membership', 'REVOKE physics_teachers FROM physics_bob', ['membership of physics_bob in physics_teachers']],
    [
      'an admin option',
      'REVOKE ADMIN OPTION FOR physics_teachers FROM physics_alice',
      ['membership of physics_alice in physics_teachers'],
    ],
    ['a setting of the database', `ALTER DATABASE physics_assistant SET "TimeZone" = 'UTC'`, ['database settings']],
    ['a right on the database', 'GRANT TEMPORARY ON DATABASE physics_assistant TO physics_app', ['database acl']],
    ['the comment of the database', `COMMENT ON DATABASE physics_assistant IS 'x'`, ['database comment']],
    [
      'the owner of the database',
      'ALTER DATABASE physics_assistant OWNER TO physics_batch',
      ['database acl', 'database owner'],
    ],
    [
      'an index that is not usable',
      `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'messages_hash'::regclass`,
      ['catalogue INDEX public.messages_hash', 'index public.messages_hash'],
    ],
  ])('%s', async (_, sql, names) => {
    await query(sql);
    expect(await changed()).toEqual(names);
  });
});

describe('finds nothing where nothing changed', () => {
  test.each<[what: string, sql: string]>([
    [
      'the order of rows',
      'CREATE TEMP TABLE t AS SELECT * FROM devices; DELETE FROM ONLY devices; INSERT INTO devices SELECT * FROM t WHERE id < 3 ORDER BY id DESC',
    ],
    ['zeros for a hole in a large object', `SELECT lo_put(500008, 10000, '\\x0000')`],
    [
      'the order of grants',
      'REVOKE ALL ON problems FROM physics_app, physics_user; GRANT SELECT ON problems TO physics_app; GRANT ALL ON problems TO physics_user',
    ],
    ['a vacuum', 'VACUUM FULL students'],
  ])('%s', async (_, sql) => {
    await query(sql);
    expect(await changed()).toEqual([]);
  });

  test('another time zone for whoever connects', async () => {
    await query(`ALTER ROLE postgres SET "TimeZone" = 'Asia/Tokyo'; ALTER ROLE postgres SET extra_float_digits = 0`);
    expect(await changed()).toEqual([]);
  });
});

test("a dump and restore with the server's own tools is found identical", async () => {
  const { environment } = services;
  await query(`UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'messages_hash'::regclass`);
  await query('REFRESH MATERIALIZED VIEW analytics.by_kind');
  await changed();
  const directory = await mkdtemp(path.join(os.tmpdir(), 'pbs-dump-'));
  const run = (program: string, ...args: string[]): Promise<unknown> =>
    promisify(execFile)(program, args, { env: { ...process.env, ...libpqEnvironment(environment, 'superuser') } });
  try {
    await run('pg_dump', '-Fc', '-f', path.join(directory, 'dump'), platformDatabase(environment));
    await run('dropdb', platformDatabase(environment));
    await run('pg_restore', '--create', '--exit-on-error', '-d', 'postgres', path.join(directory, 'dump'));
  } finally {
    await rm(directory, { recursive: true });
  }
  expect(await changed()).toEqual([]);
});

test('the same seed gives the same data, another seed other data', async () => {
  const { environment } = services;
  await destroyPostgres(environment);
  await seedPostgres(environment, { scale: 1, seed: 7 });
  await changed();
  await destroyPostgres(environment);
  await destroyPostgres(environment); // may be called again
  await seedPostgres(environment, { scale: 1, seed: 7 });
  expect(await changed()).toEqual([]);
  await destroyPostgres(environment);
  await seedPostgres(environment, { scale: 1, seed: 8 });
  const names = await changed();
  for (const name of [
    'rows public.students',
    'rows public.interactions_2024',
    'large object 500001',
    'role physics_app',
  ])
    expect(names).toContain(name);
  expect(names.filter((name) => name.startsWith('catalogue'))).toEqual([]);
});

test('the disaster leaves no role and no database', async () => {
  const { environment } = services;
  await destroyPostgres(environment);
  const left = await withPostgres(environment, 'superuser', 'postgres', (client) =>
    client.query(`SELECT rolname AS name FROM pg_roles WHERE oid >= 16384
                  UNION ALL SELECT datname FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1')`),
  );
  expect(left.rows).toEqual([]);
  await expect(fingerprintPostgres(environment)).rejects.toThrow('physics_assistant');
});
