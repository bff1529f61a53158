import { access, copyFile, mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { freePort } from '../../../src/sandbox/ports.ts';
import type { Neo4jSettings } from '../../../src/sources/neo4j/settings.ts';
import { neo4jSource } from '../../../src/sources/neo4j/source.ts';
import {
  captureToFiles,
  type FileBackup,
  fileBackup,
  FileSafetyCopies,
  FileSink,
  MemoryJournal,
  type TestContext,
  testContext,
} from '../../support/file-backup.ts';
import { TestGraph } from './graph.ts';

let graph: TestGraph;
let context: TestContext;

beforeAll(async () => {
  graph = await TestGraph.borrow();
  context = await testContext();
});
afterAll(async () => {
  await context?.[Symbol.asyncDispose]();
  await graph?.[Symbol.asyncDispose]();
});
beforeEach(() => graph.seed());

const CASES: readonly [string, () => Promise<Partial<Neo4jSettings>>, object][] = [
  ['a server that is down', async () => ({ port: await freePort() }), { kind: 'unreachable', retrySafe: true }],
  ['a host that does not exist', async () => ({ host: 'nowhere.invalid' }), { kind: 'unreachable' }],
  // An unknown user: the right one would be locked out for the tests after this one.
  [
    'a login that is refused',
    async () => ({ user: 'nobody' }),
    { kind: 'denied', hint: expect.stringContaining('lock') },
  ],
  [
    'a database that is missing',
    async () => ({ database: 'other' }),
    { kind: 'missing', hint: 'check NEO4J_DATABASE' },
  ],
];

test.each(CASES)('%s is named, with a hint, and nothing is stored', async (_, changed, expected) => {
  const settings = { ...graph.settings, ...(await changed()) };
  const source = neo4jSource(settings);
  const directory = path.join(graph.directory, 'nothing');
  await mkdir(directory, { recursive: true });
  const sink = new FileSink(directory);
  const capturing = source.capture('daily', sink, () => expect.unreachable(), context);
  const error: unknown = await capturing.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'BackupError', hint: expect.any(String), ...expected });
  expect(String(error)).not.toContain(settings.password);
  expect(await readdir(directory)).toEqual([]);
  const { findings } = await source.inspect(context);
  expect(findings[0]).toMatchObject({ subject: 'server', severity: 'problem', hint: expect.any(String) });
});

test('a healthy server and its sandbox have no problems', async () => {
  const { versions, bytes, findings } = await graph.source.inspect(context);
  expect(versions).toEqual({ server: '5.26.30' });
  expect(bytes).toBeGreaterThan(10_000);
  expect(findings.map(({ subject, severity }) => [subject, severity])).toEqual([
    ['server', 'ok'],
    ['tools', 'ok'],
    ['room', 'ok'],
  ]);
});

test('without an installation a backup can be made, but nothing restored', async () => {
  const source = neo4jSource({ ...graph.settings, home: '/nowhere' });
  const { findings } = await source.inspect(context);
  expect(findings).toContainEqual(expect.objectContaining({ kind: 'missing-tool', stops: 'restore' }));
  const backup = await captureToFiles(source, graph.directory, context);
  const before = await graph.fingerprint();
  const journal = new MemoryJournal();
  const safety = new FileSafetyCopies(source, graph.directory, [backup]);
  await expect(source.stage({ chain: [backup], target: 'live' }, journal, safety, context)).rejects.toMatchObject({
    kind: 'missing-tool',
  });
  expect(journal.notes).toEqual([]);
  expect(await graph.fingerprint()).toEqual(before);
});

test('other types are refused', async () => {
  const sink = new FileSink(graph.directory);
  await expect(graph.source.capture('incremental', sink, () => undefined, context)).rejects.toMatchObject({
    kind: 'usage',
  });
});

test.each(['cut', 'changed'] as const)('a script that was %s is found, and a cut one is not staged', async (damage) => {
  const whole = await captureToFiles(graph.source, graph.directory, context);
  const backup = await damaged(whole, damage);
  const { errors } = await graph.source.checkContent(backup, context);
  expect(errors).toEqual([expect.stringContaining('damaged')]);
  if (damage === 'changed') return; // what is found at the end alone; one sandbox is enough

  const before = await graph.fingerprint();
  const safety = new FileSafetyCopies(graph.source, graph.directory, [backup]);
  const journal = new MemoryJournal();
  const staging = graph.source.stage({ chain: [backup], target: 'live' }, journal, safety, context);
  await expect(staging).rejects.toMatchObject({ kind: 'damaged' });
  expect(journal.notes).toEqual([]);
  expect(safety.taken).toBe(0);
  expect(await graph.fingerprint()).toEqual(before);
  expect(await leftInWorkDirectory()).toEqual([]);
});

test('a cancelled capture ends at once and stores nothing', async () => {
  const abort = new AbortController();
  const progress = { step: () => abort.abort(), bytes: () => undefined };
  const sink = new FileSink(graph.directory);
  const cancelled = { ...context, progress, signal: abort.signal };
  await expect(graph.source.capture('daily', sink, () => undefined, cancelled)).rejects.toMatchObject({
    kind: 'cancelled',
  });
  expect(sink.artifacts).toEqual([]);
});

test('a cancelled staging leaves no sandbox', async () => {
  const backup = await captureToFiles(graph.source, graph.directory, context);
  const abort = new AbortController();
  const progress = { step: (name: string) => void (name.startsWith('load') && abort.abort()), bytes: () => undefined };
  const safety = new FileSafetyCopies(graph.source, graph.directory, [backup]);
  const request = { chain: [backup], target: 'live' } as const;
  const cancelled = { ...context, progress, signal: abort.signal };
  await expect(graph.source.stage(request, new MemoryJournal(), safety, cancelled)).rejects.toMatchObject({
    kind: 'cancelled',
  });
  expect(await leftInWorkDirectory()).toEqual([]);
});

async function leftInWorkDirectory(): Promise<string[]> {
  const names = await readdir(context.workDir);
  const registered = names.includes('sandboxes') ? await readdir(path.join(context.workDir, 'sandboxes')) : [];
  return [...names.filter((name) => name !== 'sandboxes'), ...registered];
}

async function damaged(backup: FileBackup, damage: 'cut' | 'changed'): Promise<FileBackup> {
  const directory = `${backup.directory}-${damage}`;
  const file = path.join(directory, 'cypher');
  await mkdir(directory);
  await copyFile(path.join(backup.directory, 'cypher'), file);
  await access(file);
  const bytes = await readFile(file);
  if (damage === 'cut') await truncate(file, Math.floor(bytes.length * 0.9));
  else await writeFile(file, Buffer.from(bytes.toString('utf8').replace('Nguyễn', 'Nguyen')));
  return fileBackup({ ...backup, directory });
}
