import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Command } from '../../../src/base/processes.ts';
import type { Artifact, ArtifactKind } from '../../../src/model/backup.ts';
import { compareFacts } from '../../../src/model/facts.ts';
import type { Context } from '../../../src/model/source.ts';
import { fileBackup, FileSink } from '../../support/file-backup.ts';
import { DATABASE } from './nasty.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

let place: Workplace;

beforeAll(async () => {
  place = await openWorkplace();
});

afterAll(() => place?.[Symbol.asyncDispose]());

/** Runs something after the moment is fixed and before the dump begins. */
class BusySink extends FileSink {
  readonly #before: () => Promise<void>;

  constructor(directory: string, before: () => Promise<void>) {
    super(directory);
    this.#before = before;
  }

  override async fromProcess(kind: ArtifactKind, command: Command): Promise<Artifact> {
    if (command.file === 'pg_dump') await this.#before();
    return await super.fromProcess(kind, command);
  }
}

const WRITES = `SET search_path = public; SET lock_timeout = 0;
  INSERT INTO students (name) SELECT 'late ' || n FROM generate_series(1, 50) n;
  DELETE FROM secrets; CREATE TABLE late (a int);
  SELECT nextval('counter') FROM generate_series(1, 9); SELECT nextval('down'); SELECT nextval('untouched');
  SELECT lo_from_bytea(0, 'late');`;

test('what is written after the moment is neither in the dump nor in the counts', async () => {
  const refused: unknown[] = [];
  const sink = new BusySink(place.directory, async () => {
    await place.nasty.sql(DATABASE, WRITES);
    // would empty the table in the dump, whose snapshot does not hide it
    await place.nasty
      .sql(DATABASE, `SET lock_timeout = '200ms'; TRUNCATE public.students CASCADE`)
      .catch((error: unknown) => refused.push(error));
  });
  const capture = await place.source.capture('daily', sink, () => undefined, place.context);
  expect(refused).toEqual([expect.objectContaining({ code: '55P03' })]);
  expect(capture.facts).toMatchObject({
    'rows public.students': { value: 500, certainty: 'exact' },
    'rows public.secrets': { value: 3, certainty: 'exact' },
    'objects large objects': { value: 2, certainty: 'exact' },
    'sequence public.counter': { certainty: 'expiring' },
    'sequence public.huge': { certainty: 'exact' },
  });
  expect(capture.facts['rows public.late']).toBeUndefined();

  const id = 'postgres_daily_20260816_020000';
  const { artifacts } = sink;
  const backup = fileBackup({ id, service: 'postgres', moment: '', directory: place.directory, capture, artifacts });
  await using staged = await place.stage(backup);
  expect(compareFacts(backup.facts, await staged.facts(place.context))).toEqual([]);
  await staged.discard(place.context);
  await place.nasty.sql(DATABASE, 'TRUNCATE public.students CASCADE'); // no lock is left
  await place.nasty.sql(DATABASE, 'SELECT lo_unlink(oid) FROM pg_largeobject_metadata WHERE oid NOT IN (4711, 4712)');
});

test('a time limit while a table is locked ends the wait, and nothing stays behind', async () => {
  const holder = await place.nasty.client(DATABASE);
  await holder.query('BEGIN; LOCK TABLE public.students IN ACCESS EXCLUSIVE MODE');
  const controller = new AbortController();
  const context: Context = { ...place.context, signal: controller.signal };
  const capture = place.source.capture('daily', new FileSink(place.directory), () => undefined, context);
  capture.catch(() => undefined);
  await expect.poll(() => waiting(), { timeout: 60_000 }).toBe(1);
  controller.abort();
  await expect(capture).rejects.toMatchObject({ kind: 'cancelled' });
  expect(await waiting()).toBe(0);
  await holder.end();
});

async function waiting(): Promise<number> {
  const [row] = await place.nasty.sql<{ count: number }>(
    'postgres',
    'SELECT count(*)::int AS count FROM pg_locks WHERE NOT granted',
  );
  return row?.count ?? 0;
}
