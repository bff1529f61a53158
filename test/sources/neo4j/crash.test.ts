import { afterAll, beforeAll, expect, test } from 'vitest';
import { differences } from '../../../platform/fingerprint/compare.ts';
import type { Fingerprint } from '../../../platform/fingerprint/fingerprint.ts';
import type { CrashPoint } from '../../../src/base/crash-points.ts';
import type { StagedRestore } from '../../../src/model/source.ts';
import {
  captureToFiles,
  type FileBackup,
  FileSafetyCopies,
  Killed,
  killAt,
  MemoryJournal,
  type TestContext,
  testContext,
} from '../../support/file-backup.ts';
import { TestGraph } from './graph.ts';

let graph: TestGraph;
let context: TestContext;
let backup: FileBackup;
let captured: Fingerprint;
let lost: Fingerprint;
/** Of one staging in a sandbox, which every test goes on from. */
const staging = new MemoryJournal();

// Small: what counts here are states, not values.
const CONTENT = [
  'CREATE CONSTRAINT star_name FOR (n:Star) REQUIRE n.name IS UNIQUE',
  "UNWIND range(1, 2500) AS i CREATE (:Star {name: 'Stern ' + i, at: [i, -i]})",
  'MATCH (a:Star {name: "Stern 1"}), (b:Star {name: "Stern 2"}) CREATE (a)-[:NEAR {years: 4.2}]->(b)-[:NEAR]->(b)',
];
const OTHER = [
  'CREATE INDEX planet_name FOR (n:Planet) ON (n.name)',
  "CREATE (:Planet {name: 'Erde'})-[:NEXT]->(:Planet {name: 'Mars'})",
];

beforeAll(async () => {
  graph = await TestGraph.borrow();
  context = await testContext();
  await graph.destroy();
  for (const statement of CONTENT) await graph.run(statement);
  captured = await graph.fingerprint();
  backup = await captureToFiles(graph.source, graph.directory, context);
  await graph.destroy();
  for (const statement of OTHER) await graph.run(statement);
  lost = await graph.fingerprint();
  const safety = new FileSafetyCopies(graph.source, graph.directory, [backup]);
  await using _ = await graph.source.stage({ chain: [backup], target: 'live' }, staging, safety, context);
});
afterAll(async () => {
  await context?.[Symbol.asyncDispose]();
  await graph?.[Symbol.asyncDispose]();
});

/** What is left of a restore when its process is gone: journal and safety copies. */
class Remains {
  readonly journal = new MemoryJournal();
  readonly safety = new FileSafetyCopies(graph.source, graph.directory, [backup]);

  constructor() {
    this.journal.handles.push(staging.last);
    this.journal.notes.push(...staging.notes);
  }

  takeUp(): Promise<StagedRestore> {
    return graph.source.attach(this.journal.last, this.journal.notes, this.journal, this.safety, context);
  }
}

/** Kills at the n-th time that the point is reached. */
async function killed(remains: Remains, verb: 'swap' | 'rollback', point: CrashPoint, time = 1): Promise<void> {
  let times = 0;
  const kill = killAt(point);
  const reached = (at: CrashPoint): Promise<void> => (at === point && ++times < time ? Promise.resolve() : kill(at));
  const staged = await remains.takeUp();
  await expect(staged[verb]({ ...context, reached })).rejects.toThrow(Killed);
}

async function isMarked(): Promise<boolean> {
  const names = (await graph.run('SHOW CONSTRAINTS YIELD name')) as string[];
  return names.some((name) => name.startsWith('physics_backup_restore_'));
}

const POINTS = [
  ['neo4j.safe', 1, 'staged'],
  ['neo4j.marked', 1, 'swapping'],
  ['neo4j.schema-dropped', 1, 'swapping'],
  ['neo4j.relationships-deleted', 1, 'swapping'],
  ['neo4j.emptied', 1, 'swapping'],
  ['neo4j.batch-loaded', 1, 'swapping'],
  ['neo4j.loaded', 1, 'swapping'],
  ['neo4j.verified', 1, 'swapping'],
  ['neo4j.unmarked', 1, 'swapped'],
] as const;

test.each(POINTS)('killed at %s (time %i), a swap is %s, and ended either way by the next run', async (...row) => {
  const [point, time, state] = row;
  const remains = new Remains();
  await killed(remains, 'swap', point, time);
  await using staged = await remains.takeUp();
  expect(await staged.state(context)).toBe(state);
  expect(await isMarked()).toBe(state === 'swapping');

  await staged.swap(context);
  expect(await staged.state(context)).toBe('swapped');
  expect(differences(captured, await graph.fingerprint())).toEqual([]);

  await using later = await remains.takeUp();
  await later.rollback(context);
  expect(await later.state(context)).toBe('rolled-back');
  expect(differences(lost, await graph.fingerprint())).toEqual([]);
});

test.each(['neo4j.marked', 'neo4j.batch-loaded'] as const)(
  'killed at %s, a swap is rolled back at once',
  async (point) => {
    const remains = new Remains();
    await killed(remains, 'swap', point);
    await using staged = await remains.takeUp();
    await staged.rollback(context);
    await staged.discard(context);
    expect(await staged.state(context)).toBe('gone');
    expect(differences(lost, await graph.fingerprint())).toEqual([]);
  },
);

test.each(['neo4j.emptied', 'neo4j.verified', 'neo4j.unmarked'] as const)(
  'killed at %s of a rollback, the next run ends it',
  async (point) => {
    const remains = new Remains();
    await using swapped = await remains.takeUp();
    await swapped.swap(context);
    await killed(remains, 'rollback', point);
    await using staged = await remains.takeUp();
    await staged.rollback(context);
    expect(await staged.state(context)).toBe('rolled-back');
    expect(differences(lost, await graph.fingerprint())).toEqual([]);
  },
);

test('a swap that is cancelled in the middle is cancelled, and rolled back at once', async () => {
  const remains = new Remains();
  await using staged = await remains.takeUp();
  const abort = new AbortController();
  const reached = (point: CrashPoint): Promise<void> => {
    if (point === 'neo4j.batch-loaded') abort.abort();
    return Promise.resolve();
  };
  await expect(staged.swap({ ...context, reached, signal: abort.signal })).rejects.toMatchObject({ kind: 'cancelled' });
  expect(await staged.state(context)).toBe('swapping');
  await staged.rollback(context);
  expect(differences(lost, await graph.fingerprint())).toEqual([]);
});

test('a restore that was only staged is rolled back without a look at the graph, and refuses to be swapped then', async () => {
  const remains = new Remains();
  await using staged = await remains.takeUp();
  await staged.rollback(context);
  await staged.discard(context);
  expect(remains.safety.taken).toBe(0);
  await expect(staged.swap(context)).rejects.toThrow('gone');
  expect(differences(lost, await graph.fingerprint())).toEqual([]);
});

test('an unfinished restore stops a backup, and says how to go on', async () => {
  const remains = new Remains();
  await killed(remains, 'swap', 'neo4j.emptied');
  const { findings } = await graph.source.inspect(context);
  expect(findings).toContainEqual(expect.objectContaining({ severity: 'problem', stops: 'backup' }));
  await using staged = await remains.takeUp();
  await staged.rollback(context);
  expect((await graph.source.inspect(context)).findings.map(({ severity }) => severity)).toEqual(['ok', 'ok', 'ok']);
});

test('what was written after the safety copy stops the swap before anything is lost', async () => {
  const remains = new Remains();
  await using staged = await remains.takeUp();
  const reached = async (point: CrashPoint): Promise<void> => {
    if (point === 'neo4j.safe') await graph.run("CREATE (:Planet {name: 'Pluto'})");
  };
  await expect(staged.swap({ ...context, reached })).rejects.toMatchObject({ kind: 'busy' });
  expect(await graph.run('MATCH (n:Planet) RETURN n.name ORDER BY n.name')).toEqual(['Erde', 'Mars', 'Pluto']);
  expect(await staged.state(context)).toBe('staged');
  await graph.run("MATCH (n:Planet {name: 'Pluto'}) DELETE n");
});

test('what somebody writes into the graph as it is replaced is found, and the swap fails', async () => {
  const remains = new Remains();
  await using staged = await remains.takeUp();
  const reached = async (point: CrashPoint): Promise<void> => {
    if (point === 'neo4j.loaded') await graph.run('CREATE (:Intruder)');
  };
  await expect(staged.swap({ ...context, reached })).rejects.toThrow('is not what was loaded');
  expect(await staged.state(context)).toBe('swapping');
  await staged.rollback(context);
  expect(differences(lost, await graph.fingerprint())).toEqual([]);
});

test('another database is refused', async () => {
  const remains = new Remains();
  const handle = { ...remains.journal.last, server: '00'.repeat(16) };
  const attaching = graph.source.attach(handle, remains.journal.notes, remains.journal, remains.safety, context);
  await expect(attaching).rejects.toThrow('another database');
});
