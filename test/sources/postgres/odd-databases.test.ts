import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { escapeIdentifier as id } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareFacts } from '../../../src/model/facts.ts';
import { postgresSource } from '../../../src/sources/postgres/source.ts';
import { captureToFiles, FileSafetyCopies, MemoryJournal, testContext } from '../../support/file-backup.ts';
import { fingerprint, type NastyServer, startNasty } from './nasty.ts';

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

/** Databases that are not as most are: how they are made, and what is in them. */
const ODD: readonly (readonly [what: string, name: string, options: string, content: string])[] = [
  ['a name of 63 bytes', 'ä'.repeat(31) + 'x', '', 'CREATE TABLE t (a int)'],
  [
    'no schema public and no plpgsql',
    'bare',
    '',
    'DROP SCHEMA public; DROP EXTENSION plpgsql; CREATE SCHEMA own; CREATE TABLE own.t AS SELECT 1 AS a',
  ],
  ['another encoding', 'latin', `ENCODING 'LATIN1' LOCALE 'C'`, `CREATE TABLE t AS SELECT 'é'::text AS a`],
  [
    'a locale of ICU',
    'icu',
    `LOCALE_PROVIDER icu ICU_LOCALE 'de-AT' LOCALE 'C.UTF-8'`,
    `CREATE TABLE t AS SELECT 'Ö'::text COLLATE "de-x-icu" AS a`,
  ],
  ['a template', 'shape', 'IS_TEMPLATE true', 'CREATE TABLE t (a int)'],
  ['nothing in it', 'empty', '', ''],
  ['the name of the maintenance database', 'postgres', '', 'CREATE TABLE t AS SELECT 1 AS a'],
  [
    'partitions of partitions with keys both ways',
    'parts',
    '',
    `CREATE TABLE one (id int PRIMARY KEY, other int); CREATE TABLE other (id int PRIMARY KEY, one int REFERENCES one);
     ALTER TABLE one ADD FOREIGN KEY (other) REFERENCES other;
     CREATE TABLE p (a int, b int REFERENCES one, PRIMARY KEY (a, b)) PARTITION BY RANGE (a); CREATE INDEX ON p (b);
     CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10) PARTITION BY LIST (b);
     CREATE TABLE p11 PARTITION OF p1 FOR VALUES IN (1); CREATE TABLE p12 PARTITION OF p1 DEFAULT;
     CREATE TABLE p2 PARTITION OF p DEFAULT; ALTER TABLE p12 ENABLE ROW LEVEL SECURITY;
     CREATE TABLE to_p (a int, b int, FOREIGN KEY (a, b) REFERENCES p);
     INSERT INTO one SELECT n FROM generate_series(1, 20) n; INSERT INTO p SELECT n, n FROM generate_series(1, 20) n;
     INSERT INTO to_p SELECT n, n FROM generate_series(1, 20) n`,
  ],
];

test.each(ODD)('a database with %s comes back equal', async (_what, database, options, content) => {
  if (database !== 'postgres')
    await nasty.sql('postgres', `CREATE DATABASE ${id(database)} TEMPLATE template0 ${options}`);
  await nasty.sql(database, content);
  const { host, port, superuserPassword } = nasty.settings;
  const superuser = { superuser: 'postgres', superuserPassword };
  const source = postgresSource({ host, port, database, user: 'postgres', password: superuserPassword, ...superuser });
  await using context = await testContext();
  const before = await fingerprint(nasty, database);
  const backup = await captureToFiles(source, directory, context);
  expect(await source.checkContent(backup, context)).toEqual({ errors: [], warnings: [] });
  const safety = new FileSafetyCopies(source, directory);
  await using staged = await source.stage({ chain: [backup], target: 'live' }, new MemoryJournal(), safety, context);
  expect(compareFacts(backup.facts, await staged.facts(context))).toEqual([]);
  await staged.swap(context);
  expect(await fingerprint(nasty, database)).toEqual(before);
  await staged.rollback(context);
  expect(await fingerprint(nasty, database)).toEqual(before);
  await staged.swap(context);
  await staged.finish(context);
  expect(await fingerprint(nasty, database)).toEqual(before);
});
