import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareFacts } from '../../../src/model/facts.ts';
import { postgresSource } from '../../../src/sources/postgres/source.ts';
import { captureToFiles, FileSafetyCopies, MemoryJournal, testContext } from '../../support/file-backup.ts';
import { inventory, type NastyServer, startNasty } from './nasty.ts';

let nasty: NastyServer;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'pbs-postgres-'));
  nasty = await startNasty();
  await nasty.sql('postgres', `CREATE ROLE plain LOGIN PASSWORD 'x' CREATEDB`);
  await nasty.sql('postgres', 'CREATE DATABASE plain OWNER plain');
  const session = await nasty.client('plain', { user: 'plain', password: 'x' });
  await session.query(
    `CREATE TABLE t AS SELECT n FROM generate_series(1, 100) n; CREATE EXTENSION pgcrypto; SELECT lo_from_bytea(0, 'x')`,
  );
  await session.end();
});

afterAll(async () => {
  await nasty?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

test('a role that may create databases saves and restores its own without a superuser', async () => {
  const { host, port } = nasty.settings;
  const source = postgresSource({ host, port, database: 'plain', user: 'plain', password: 'x' });
  await using context = await testContext();
  const backup = await captureToFiles(source, directory, context);
  expect(backup.capture.warnings).toEqual([expect.stringContaining('without their passwords')]);
  await nasty.sql('plain', 'DELETE FROM t');
  const before = await inventory(nasty);
  const safety = new FileSafetyCopies(source, directory);
  await using staged = await source.stage({ chain: [backup], target: 'live' }, new MemoryJournal(), safety, context);
  await staged.swap(context);
  expect(compareFacts(backup.facts, await staged.facts(context))).toEqual([]);
  await staged.rollback(context);
  await staged.discard(context);
  expect(await inventory(nasty)).toEqual(before);
});
