import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { differences } from '../../platform/fingerprint/compare.ts';
import type { Fingerprint } from '../../platform/fingerprint/fingerprint.ts';
import type { CrashPoint } from '../../src/base/crash-points.ts';
import { compareFacts } from '../../src/model/facts.ts';
import type { StagedRestore } from '../../src/model/source.ts';
import { neo4jSource } from '../../src/sources/neo4j/source.ts';
import {
  captureToFiles,
  type FileBackup,
  FileSafetyCopies,
  MemoryJournal,
  type TestContext,
  testContext,
} from '../support/file-backup.ts';
import { OwnNeo4j } from '../support/own-neo4j.ts';

let neo4j: OwnNeo4j;
let context: TestContext;
let directory: string;
let backup: FileBackup;
let captured: Fingerprint;
let lost: Fingerprint;
vi.setConfig({ testTimeout: 600_000 }); // each starts a real server up to four times

/** Of one staging, which the tests go on from: each leaves its store staged as it found it. */
const staging = new MemoryJournal();

const CONTENT = [
  'CREATE CONSTRAINT star_name FOR (n:Star) REQUIRE n.name IS UNIQUE',
  "UNWIND range(1, 300) AS i CREATE (:Star {name: 'Stern ' + i, at: [i, -i]})",
  'MATCH (a:Star {name: "Stern 1"}), (b:Star {name: "Stern 2"}) CREATE (a)-[:NEAR {years: 4.2}]->(b)-[:NEAR]->(b)',
];
const OTHER = [
  'MATCH (n) DETACH DELETE n',
  'DROP CONSTRAINT star_name',
  'CREATE INDEX planet_name FOR (n:Planet) ON (n.name)',
  "CREATE (:Planet {name: 'Erde'})-[:NEXT]->(:Planet {name: 'Mars'})",
];

const source = () => neo4jSource(neo4j.settings);
const safety = () => new FileSafetyCopies(source(), directory, [backup]);

beforeAll(async () => {
  neo4j = await OwnNeo4j.start();
  context = await testContext();
  directory = await mkdtemp(path.join(os.tmpdir(), 'pbs-exchange-'));
  await neo4j.run(...CONTENT);
  captured = await neo4j.fingerprint();
  backup = await captureToFiles(source(), directory, context);
  await neo4j.run(...OTHER);
  lost = await neo4j.fingerprint();
});
afterAll(async () => {
  await context?.[Symbol.asyncDispose]();
  await neo4j?.[Symbol.asyncDispose]();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});

test('a graph is staged beside the live one, swapped in around one restart, and rolled back', async () => {
  await using staged = await source().stage({ chain: [backup], target: 'live' }, staging, safety(), context);
  expect(staged.cutover).toBe('restart');
  expect(compareFacts(backup.facts, await staged.facts(context))).toEqual([]);
  expect(await staged.state(context)).toBe('staged');
  expect(neo4j.asked).toEqual([]);
  expect(await neo4j.fingerprint()).toEqual(lost);

  await staged.swap(context);
  expect(await staged.state(context)).toBe('swapped');
  expect(neo4j.asked).toEqual(['stop', 'start']);
  expect(differences(captured, await neo4j.fingerprint())).toEqual([]);
  await staged.swap(context); // does nothing
  expect(neo4j.asked).toHaveLength(2);

  await staged.rollback(context);
  expect(await staged.state(context)).toBe('rolled-back');
  expect(differences(lost, await neo4j.fingerprint())).toEqual([]);
  await staged.rollback(context);
  expect(neo4j.asked).toEqual(['stop', 'start', 'stop', 'start']);
});

/** What is left of a restore when its process is gone. */
class Remains {
  readonly journal = new MemoryJournal();

  constructor() {
    this.journal.handles.push(staging.last);
    this.journal.notes.push(...staging.notes.filter(({ staged }) => staged !== undefined));
  }

  takeUp(): Promise<StagedRestore> {
    return source().attach(this.journal.last, this.journal.notes, this.journal, safety(), context);
  }
}

/** Ends a verb for good when the point is reached the n-th time: nothing runs after it, not even what cleans up. */
async function killed(remains: Remains, verb: 'swap' | 'rollback', point: CrashPoint, time: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let times = 0;
  const reached = (at: CrashPoint): Promise<void> => {
    if (at !== point || ++times < time) return Promise.resolve();
    resolve();
    return new Promise(() => undefined);
  };
  const staged = await remains.takeUp();
  staged[verb]({ ...context, reached }).then(() => reject(new Error(`${point} was not reached`)), reject);
  await promise;
}

const SWAP_POINTS = [
  ['neo4j.stopping', 1, true],
  ['neo4j.stopped', 1, false],
  ['neo4j.moved-in', 1, false],
  ['neo4j.compared', 1, true],
] as const;

test.each(SWAP_POINTS)('killed at %s (time %i), a swap is put back by the next run', async (point, time, runs) => {
  const remains = new Remains();
  await killed(remains, 'swap', point, time);
  expect(await neo4j.control.running()).toBe(runs);
  await using staged = await remains.takeUp();
  expect(await staged.state(context)).toBe('swapping');
  await expect(staged.discard(context)).rejects.toThrow('roll back first');
  await staged.rollback(context);
  expect(await staged.state(context)).toBe('rolled-back');
  expect(differences(lost, await neo4j.fingerprint())).toEqual([]);
});

test('killed in the middle of a rollback, the next run ends it', async () => {
  const remains = new Remains();
  await using swapped = await remains.takeUp();
  await swapped.swap(context);
  await killed(remains, 'rollback', 'neo4j.moved-out', 1);
  expect(await neo4j.control.running()).toBe(false);
  await using staged = await remains.takeUp();
  await staged.rollback(context);
  expect(await neo4j.control.running()).toBe(true);
  expect(differences(lost, await neo4j.fingerprint())).toEqual([]);
});

test('a server that is started by something else while it has no store makes an empty one, which is put aside', async () => {
  const remains = new Remains();
  await killed(remains, 'swap', 'neo4j.moved-away', 2);
  await neo4j.server.start();
  await neo4j.run('CREATE (:Stray)');
  await using staged = await remains.takeUp();
  expect(await staged.state(context)).toBe('swapping');
  await expect(staged.swap(context)).rejects.toThrow('started by something else');
  await staged.rollback(context);
  expect(differences(lost, await neo4j.fingerprint())).toEqual([]);
  await rm(path.join(neo4j.dataDirectory, place(), 'stray.databases'), { recursive: true });
  await rm(path.join(neo4j.dataDirectory, place(), 'stray.transactions'), { recursive: true });
});

test('a server that does not start with the restored store gets its own back', async () => {
  const remains = new Remains();
  await using staged = await remains.takeUp();
  const reached = async (point: CrashPoint): Promise<void> => {
    if (point !== 'neo4j.exchanged') return;
    await writeFile(path.join(neo4j.dataDirectory, 'databases', 'neo4j', 'neostore'), 'no store at all');
  };
  await expect(staged.swap({ ...context, reached })).rejects.toThrow('was started and does not answer');
  await staged.rollback(context);
  expect(differences(lost, await neo4j.fingerprint())).toEqual([]);
});

function place(): string {
  return staging.last.details['place'] ?? '';
}

test('what was replaced is there until the end, and nothing of a restore after it', async () => {
  expect((await readdir(neo4j.dataDirectory)).filter((name) => name.startsWith('physics'))).toEqual([place()]);
  const remains = new Remains();
  await using staged = await remains.takeUp();
  await staged.rollback(context);
  await staged.discard(context);
  expect(await staged.state(context)).toBe('gone');
  expect((await readdir(neo4j.dataDirectory)).filter((name) => name.startsWith('physics'))).toEqual([]);
  expect(JSON.stringify([staging.handles, staging.notes])).not.toContain(neo4j.settings.password);
});
