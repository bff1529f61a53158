import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { compareFacts } from '../../../src/model/facts.ts';
import { fileBackup, FileSink, Killed, killAt, MemoryJournal, testContext } from '../../support/file-backup.ts';
import { DATABASE, destroy, fill, fingerprint, inventory, LONELY } from './nasty.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

let place: Workplace;

beforeAll(async () => {
  place = await openWorkplace();
});

beforeEach(async () => {
  await destroy(place.nasty);
  await fill(place.nasty);
});

afterAll(() => place?.[Symbol.asyncDispose]());

describe('a database that was dropped with its roles', () => {
  test.each([
    { way: 'as the backup is read', parallelJobs: 2 },
    { way: 'from a file in parallel', parallelJobs: 4 },
  ])('comes back equal, restored $way', async ({ parallelJobs }) => {
    await using context = await testContext({ limits: { parallelJobs } });
    const before = await fingerprint(place.nasty);
    const backup = await place.capture(context);
    await destroy(place.nasty);
    const empty = await inventory(place.nasty);

    await using staged = await place.stage(backup, new MemoryJournal(), context);
    expect(await staged.state(context)).toBe('staged');
    expect(compareFacts(backup.facts, await staged.facts(context))).toEqual([]);
    await staged.swap(context);
    expect(await staged.state(context)).toBe('swapped');
    expect(await fingerprint(place.nasty)).toEqual(before);

    await staged.rollback(context);
    expect(await staged.state(context)).toBe('rolled-back');
    await staged.discard(context);
    expect(await staged.state(context)).toBe('gone');
    expect(await inventory(place.nasty)).toEqual(empty);
  });

  test('stays when the restore is finished, though nothing was replaced', async () => {
    const before = await fingerprint(place.nasty);
    const backup = await place.capture();
    await destroy(place.nasty);
    const journal = new MemoryJournal();
    await using staged = await place.stage(backup, journal);
    await staged.swap(place.context);
    await staged.finish(place.context);
    await using later = await place.attach(journal);
    expect(await later.state(place.context)).toBe('finished');
    await later.finish(place.context);
    await later.discard(place.context);
    await expect(later.rollback(place.context)).rejects.toMatchObject({ kind: 'failed' });
    expect(await fingerprint(place.nasty)).toEqual(before);
  });
});

describe('a restore over a live database', () => {
  const change = `SET search_path = public; TRUNCATE students CASCADE; SELECT lo_unlink(4711); CREATE TABLE newer (a int); SELECT nextval('counter')`;

  test('leaves it alone until the swap, and can go back', async () => {
    const captured = await fingerprint(place.nasty);
    const backup = await place.capture();
    await place.nasty.sql(DATABASE, change);
    const changed = await fingerprint(place.nasty);
    const listed = await inventory(place.nasty);

    await using staged = await place.stage(backup);
    expect(await fingerprint(place.nasty)).toEqual(changed);
    await staged.swap(place.context);
    await staged.swap(place.context); // idempotent
    expect(await fingerprint(place.nasty)).toEqual(captured);
    await staged.rollback(place.context);
    await staged.rollback(place.context);
    expect(await fingerprint(place.nasty)).toEqual(changed);
    await staged.swap(place.context);
    expect(await fingerprint(place.nasty)).toEqual(captured);
    await staged.rollback(place.context);
    await staged.discard(place.context);
    await staged.discard(place.context);
    expect(await inventory(place.nasty)).toEqual(listed);
  });

  test('drops what it replaced only when it is finished', async () => {
    const captured = await fingerprint(place.nasty);
    const backup = await place.capture();
    await place.nasty.sql(DATABASE, change);
    await using staged = await place.stage(backup);
    const { replaced = '' } = staged.handle.details;
    await expect(staged.finish(place.context)).rejects.toMatchObject({ kind: 'failed' });
    await staged.swap(place.context);
    await expect(staged.discard(place.context)).rejects.toMatchObject({ kind: 'failed' });
    expect(await databases()).toContain(replaced);
    await staged.finish(place.context);
    await staged.finish(place.context);
    expect(await staged.state(place.context)).toBe('finished');
    expect(await databases()).not.toContain(replaced);
    expect(await fingerprint(place.nasty)).toEqual(captured);
  });

  test('ends open connections, and refuses new ones meanwhile', async () => {
    const backup = await place.capture();
    await using staged = await place.stage(backup);
    const open = await place.nasty.client(DATABASE);
    await open.query('BEGIN');
    const refusals: unknown[] = [];
    const reached = async (): Promise<void> => {
      await place.nasty.client(DATABASE).catch((error: unknown) => refusals.push(error));
    };
    await staged.swap({ ...place.context, reached });
    expect(refusals).toEqual([expect.objectContaining({ code: '55000' })]);
    await expect(open.query('SELECT 1')).rejects.toThrow(/terminated|not queryable/);
    await open.end().catch(() => undefined);
    expect(await staged.state(place.context)).toBe('swapped');
  });

  test('is refused while a prepared transaction would hold it, and leaves the database as it is', async () => {
    const backup = await place.capture();
    await using staged = await place.stage(backup);
    const listed = await inventory(place.nasty);
    await place.nasty.sql(DATABASE, `BEGIN; CREATE TABLE public.prepared (a int); PREPARE TRANSACTION 'it''s held'`);
    await expect(staged.swap(place.context)).rejects.toMatchObject({
      kind: 'failed',
      hint: expect.stringContaining(`ROLLBACK PREPARED 'it''s held'`) as string,
    });
    expect(await inventory(place.nasty)).toEqual(listed);
    await place.nasty.sql(DATABASE, `ROLLBACK PREPARED 'it''s held'`);
    await staged.swap(place.context);

    await place.nasty.sql(DATABASE, `BEGIN; CREATE TABLE public.prepared (a int); PREPARE TRANSACTION 'again'`);
    await expect(staged.rollback(place.context)).rejects.toMatchObject({ kind: 'failed' });
    expect(await staged.state(place.context)).toBe('swapped');
    await place.nasty.sql(DATABASE, `ROLLBACK PREPARED 'again'`); // it still takes connections
    await staged.rollback(place.context);
    await staged.discard(place.context);
    expect(await databases()).toContain(DATABASE);
  });

  test('that fails between refusing and renaming leaves the database open', async () => {
    const backup = await place.capture();
    await using staged = await place.stage(backup);
    const before = await fingerprint(place.nasty);
    const reached = killAt('postgres.connections-refused');
    await expect(staged.swap({ ...place.context, reached })).rejects.toThrow(Killed);
    expect(await staged.state(place.context)).toBe('staged');
    expect(await fingerprint(place.nasty)).toEqual(before);
  });

  test('takes a live role as it is, and says that it differs', async () => {
    const backup = await place.capture();
    await place.nasty.sql('postgres', `ALTER ROLE "${LONELY}" CONNECTION LIMIT 3`);
    const journal = new MemoryJournal();
    await using staged = await place.stage(backup, journal);
    expect(staged.warnings).toHaveLength(1);
    expect(journal.notes.map((note) => note['warning'])).toContain(
      `role "${LONELY}" differs from the backup's: left as it is`,
    );
    await staged.discard(place.context);
    const [role] = await place.nasty.sql<{ rolconnlimit: number }>(
      'postgres',
      `SELECT rolconnlimit FROM pg_roles WHERE rolname = '${LONELY}'`,
    );
    expect(role?.rolconnlimit).toBe(3);
  });

  test('never drops a role it created that owns something by now', async () => {
    const backup = await place.capture();
    await place.nasty.sql('postgres', `DROP ROLE "${LONELY}"`);
    await using staged = await place.stage(backup);
    await place.nasty.sql('postgres', `CREATE TABLE kept (a int); ALTER TABLE kept OWNER TO "${LONELY}"`);
    await staged.discard(place.context);
    expect(await inventory(place.nasty)).toContainEqual({ what: expect.stringContaining(`role ${LONELY}`) as string });
    await place.nasty.sql('postgres', 'DROP TABLE kept');
  });
});

test('a schema backup holds every object and no row, and can be restored', async () => {
  const sink = new FileSink(place.directory);
  const capture = await place.source.capture('schema', sink, () => undefined, place.context);
  const { facts } = capture;
  expect(Object.keys(facts).some((name) => name.startsWith('rows '))).toBe(false);
  expect(facts['objects tables']?.value).toBe(9);
  expect(facts['objects large objects']).toBeUndefined();
  const id = 'postgres_schema_20260816_020000';
  const { artifacts } = sink;
  const files = fileBackup({ id, service: 'postgres', moment: '', directory: place.directory, capture, artifacts });
  const backup = { ...files, type: 'schema' } as const;
  expect(await place.source.checkContent(backup, place.context)).toEqual({ errors: [], warnings: [] });
  await using staged = await place.stage(backup);
  expect(compareFacts(facts, await staged.facts(place.context))).toEqual([]);
  await staged.discard(place.context);
});

test('incremental backups are refused', async () => {
  const sink = new FileSink(place.directory);
  await expect(place.source.capture('incremental', sink, () => undefined, place.context)).rejects.toMatchObject({
    kind: 'usage',
  });
  expect(sink.artifacts).toEqual([]);
});

async function databases(): Promise<string[]> {
  const rows = await place.nasty.sql<{ datname: string }>('postgres', 'SELECT datname FROM pg_database');
  return rows.map((row) => row.datname);
}
