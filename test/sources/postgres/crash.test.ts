import { escapeIdentifier } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CRASH_POINTS } from '../../../src/base/crash-points.ts';
import { type FileBackup } from '../../support/file-backup.ts';
import { runUntilKilled } from './killing.ts';
import { DATABASE, fingerprint, inventory, LONELY } from './nasty.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

let place: Workplace;
let backup: FileBackup;
let captured: unknown;
let live: unknown;
let listed: unknown;

beforeAll(async () => {
  place = await openWorkplace();
  backup = await place.capture();
  captured = await fingerprint(place.nasty);
  await place.nasty.sql(DATABASE, 'SET search_path = public; TRUNCATE students CASCADE; SELECT lo_unlink(4711)');
  await place.nasty.sql('postgres', `DROP ROLE "${LONELY}"`); // so that a role is missing
  live = await fingerprint(place.nasty);
  listed = await inventory(place.nasty);
});

afterAll(() => place?.[Symbol.asyncDispose]());

/** Where each verb of a restore can be killed, and what the server is found in. */
const STAGING = [
  ['restore.journalled', 'gone'],
  ['postgres.roles-created', 'gone'],
  ['postgres.database-created', 'staging'],
  ['postgres.filled', 'staging'],
  ['restore.staged', 'staged'],
] as const;
const LATER = [
  ['postgres.connections-refused', ['swap'], 'swapping'],
  ['postgres.renamed', ['swap'], 'swapped'],
  ['postgres.return-refused', ['swap', 'rollback'], 'swapping'],
  ['postgres.returned', ['swap', 'rollback'], 'rolled-back'],
  ['postgres.staged-dropped', ['discard'], 'gone'],
] as const;

test('every crash point of this source is here', () => {
  const here = [...STAGING, ...LATER].map(([point]) => point).concat('postgres.replaced-dropped' as never);
  expect(here).toEqual(expect.arrayContaining(CRASH_POINTS.filter((point) => point.startsWith('postgres.'))));
});

test.each([...STAGING.map(([point, state]) => [point, [], state] as const), ...LATER])(
  'killed at %s (%j), it is found %s and can go back',
  async (point, verbs, state) => {
    const journal = await runUntilKilled(place, backup, point, verbs);
    await using later = await place.attach(journal);
    expect(await later.state(place.context)).toBe(state);
    await later.rollback(place.context);
    await later.discard(place.context);
    expect(await later.state(place.context)).toBe('gone');
    expect(await inventory(place.nasty)).toEqual(listed);
    expect(await fingerprint(place.nasty)).toEqual(live);
  },
);

test.each([['restore.staged', [], 'staged'] as const, ...LATER.filter(([, , state]) => state !== 'gone')])(
  'killed at %s (%j), it is found %s and can go on',
  async (point, verbs) => {
    const journal = await runUntilKilled(place, backup, point, verbs);
    await using later = await place.attach(journal);
    await later.swap(place.context);
    expect(await later.state(place.context)).toBe('swapped');
    expect(await fingerprint(place.nasty)).toEqual(captured);
    await later.rollback(place.context);
    await later.discard(place.context);
    expect(await inventory(place.nasty)).toEqual(listed);
    expect(await fingerprint(place.nasty)).toEqual(live);
  },
);

test('what a killed stage left cannot be swapped in', async () => {
  const journal = await runUntilKilled(place, backup, 'postgres.filled', []);
  await using later = await place.attach(journal);
  await expect(later.swap(place.context)).rejects.toMatchObject({ kind: 'failed' });
  await later.discard(place.context);
  expect(await fingerprint(place.nasty)).toEqual(live);
});

test('a statement that the server still runs for the killed process is ended', async () => {
  const journal = await runUntilKilled(place, backup, 'restore.journalled', []);
  const { staged = '' } = journal.last.details;
  const orphan = await place.nasty.client('postgres');
  await orphan.query(`SET application_name = 'physics-backup'`);
  const running = orphan.query(`SELECT pg_sleep(600) /* ${escapeIdentifier(staged)} */`);
  running.catch(() => undefined);
  await place.attach(journal);
  await expect(running).rejects.toMatchObject({ code: '57P01' });
});

test('another server is refused', async () => {
  const journal = await runUntilKilled(place, backup, 'restore.journalled', []);
  journal.handles.push({ ...journal.last, server: '1234' });
  await expect(place.attach(journal)).rejects.toMatchObject({ kind: 'failed' });
});

test('a database of the staged name that is not ours is left alone', async () => {
  const journal = await runUntilKilled(place, backup, 'restore.journalled', []);
  const { staged = '' } = journal.last.details;
  await place.nasty.sql('postgres', `CREATE DATABASE ${escapeIdentifier(staged)}`);
  const before = await inventory(place.nasty);
  await using later = await place.attach(journal);
  expect(await later.state(place.context)).toBe('gone');
  await later.discard(place.context);
  expect(await inventory(place.nasty)).toEqual(before);
  await place.nasty.sql('postgres', `DROP DATABASE ${escapeIdentifier(staged)}`);
});

test('killed while it drops what was replaced, it is finished', async () => {
  const journal = await runUntilKilled(place, backup, 'postgres.replaced-dropped', ['swap', 'finish']);
  await using later = await place.attach(journal);
  expect(await later.state(place.context)).toBe('finished');
  await later.finish(place.context);
  expect(await fingerprint(place.nasty)).toEqual(captured);
});
