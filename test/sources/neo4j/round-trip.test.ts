import { copyFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { differences, differingNames } from '../../../platform/fingerprint/compare.ts';
import { compareFacts } from '../../../src/model/facts.ts';
import {
  captureToFiles,
  FileSafetyCopies,
  MemoryJournal,
  type TestContext,
  testContext,
  testProcesses,
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

test('a graph that was deleted is staged, compared, swapped in, and rolled back', async () => {
  const before = await graph.fingerprint();
  const backup = await captureToFiles(graph.source, graph.directory, context);
  expect(backup.capture).toMatchObject({ consistency: 'consistent', versions: { server: '5.26.30' } });
  expect(backup.moment).toMatch(/^\d{4}-.*Z$/);
  expect(await graph.source.checkContent(backup, context)).toEqual({ errors: [], warnings: [] });

  await graph.destroy();
  await graph.run("CREATE (:Left {by: 'the disaster'})");
  await graph.run('CREATE INDEX left_over FOR (n:Left) ON (n.by)');
  const lost = await graph.fingerprint();

  const journal = new MemoryJournal();
  const safety = new FileSafetyCopies(graph.source, graph.directory, [backup]);
  await using staged = await graph.source.stage({ chain: [backup], target: 'live' }, journal, safety, context);
  expect(compareFacts(backup.facts, await staged.facts(context))).toEqual([]);
  expect(await staged.state(context)).toBe('staged');
  expect(await graph.fingerprint()).toEqual(lost);
  expect(await readdir(context.workDir)).toEqual(['sandboxes']);
  expect(await readdir(path.join(context.workDir, 'sandboxes'))).toEqual([]);

  await staged.swap(context);
  expect(await staged.state(context)).toBe('swapped');
  expect(differences(before, await graph.fingerprint())).toEqual([]);
  await staged.swap(context); // does nothing
  expect(safety.taken).toBe(1);

  await staged.rollback(context);
  expect(await staged.state(context)).toBe('rolled-back');
  expect(differences(lost, await graph.fingerprint())).toEqual([]);
  await staged.rollback(context);
  await staged.discard(context);
  expect(await staged.state(context)).toBe('gone');
  expect(JSON.stringify([journal.handles, journal.notes])).not.toContain(graph.settings.password);
  await graph.destroy();
});

test('an empty graph without lookup indexes is restored over a full one', async () => {
  await graph.destroy();
  const names = (await graph.run('SHOW INDEXES YIELD name')) as string[];
  for (const name of names) await graph.run(`DROP INDEX \`${name}\``);
  await graph.run('CREATE LOOKUP INDEX `my labels` FOR (n) ON EACH labels(n)');
  const empty = await graph.fingerprint();
  const backup = await captureToFiles(graph.source, graph.directory, context);
  expect(backup.facts).toMatchObject({ nodes: { value: 0 }, 'indexes lookup': { value: 1 } });
  await graph.run('DROP INDEX `my labels`');
  await graph.run('CREATE LOOKUP INDEX index_343aff4e FOR (n) ON EACH labels(n)');
  await graph.run('CREATE LOOKUP INDEX index_f7700477 FOR ()-[r]-() ON EACH type(r)');
  await graph.seed();
  const full = await graph.fingerprint();

  const safety = new FileSafetyCopies(graph.source, graph.directory, [backup]);
  const request = { chain: [backup], target: 'live' } as const;
  await using staged = await graph.source.stage(request, new MemoryJournal(), safety, context);
  expect(compareFacts(backup.facts, await staged.facts(context))).toEqual([]);
  await staged.swap(context);
  expect(differences(empty, await graph.fingerprint())).toEqual([]);
  await staged.rollback(context);
  expect(differences(full, await graph.fingerprint())).toEqual([]);
});

test('stock cypher-shell loads the script; only byte arrays are missing', async () => {
  const before = await graph.fingerprint();
  const backup = await captureToFiles(graph.source, graph.directory, context);
  expect(backup.capture.warnings).toEqual([]);
  await graph.destroy();
  const script = path.join(context.workDir, 'export.cypher');
  await copyFile(path.join(backup.directory, 'cypher'), script);
  await cypherShell(script);
  const names = differingNames(before, await graph.fingerprint());
  expect(names).toEqual([
    'nodes "Example"',
    'nodes "Example" property "bytes"',
    'nodes "Example" property "none"',
    'structure',
  ]);
  await graph.destroy();
});

/** Values that the driver cannot decode, or that its own text would change. */
const FAR = [
  "datetime('+393188-12-28T03:20:34.000000005[Europe/Berlin]')",
  "datetime('-300000-01-01T00:00:00[Europe/Berlin]')",
  "datetime('+300000-01-01T00:00:00.5[Europe/Berlin]')", // printed with as few digits as need be
  "[datetime('+300000-01-01T00:00:00.000120[Asia/Tokyo]'), datetime('2020-01-01T00:00:00.25Z')]",
  "datetime('+999999999-06-01T00:00:00[America/New_York]')",
  "[datetime('+393188-12-28T03:20:34[Europe/Berlin]'), datetime('2024-01-01T00:00:00[Asia/Kolkata]')]",
  "time({hour: 10, timezone: '+01:00:30'})",
  "datetime({epochSeconds: -5, timezone: '-00:00:01'})",
];

/** Every value as the server prints it: what these tests compare by would not be decoded by any driver. */
const PRINTED = `
  MATCH (n) UNWIND CASE WHEN size(keys(n)) = 0 THEN [null] ELSE keys(n) END AS key
  WITH labels(n) AS labels, key, n[key] AS value RETURN [labels, key, toString(value)] AS line ORDER BY line
  UNION ALL
  MATCH ()-[r]->() UNWIND keys(r) AS key WITH type(r) AS type, key, r[key] AS value
  RETURN [type, key, [each IN CASE WHEN value IS :: LIST<ANY> THEN value ELSE [value] END | toString(each)]] AS line
    ORDER BY line`;

test('names that the import would use itself, and values that the driver cannot read, are restored', async () => {
  await graph.destroy();
  await graph.run(
    'CREATE (:physics_backup_import {physics_backup_id: 7}), (:physics_backup_import {physics_backup_id: 7})',
  );
  await graph.run('CREATE INDEX physics_backup_import FOR (n:physics_backup_import_2) ON (n.x)');
  await graph.run(`CREATE (:Far)-[:FAR {${FAR.map((value, index) => `d${index}: ${value}`).join(', ')}}]->()`);
  await graph.run(
    `CREATE (:Odd)-[:\`]->(e) SET x += row.p\` {\`__proto__\`: point({x: 1, y: 2}), far: ${FAR[0]}}]->()`,
  );
  const before = await graph.run(PRINTED);
  expect(before).toHaveLength(8 + FAR.length);
  const backup = await captureToFiles(graph.source, graph.directory, context);
  expect(backup.capture.warnings).toEqual([]);
  const safety = new FileSafetyCopies(graph.source, graph.directory, [backup]);
  const request = { chain: [backup], target: 'live' } as const;
  await using staged = await graph.source.stage(request, new MemoryJournal(), safety, context);
  expect(compareFacts(backup.facts, await staged.facts(context))).toEqual([]);
  await staged.swap(context);
  expect(await graph.run(PRINTED)).toEqual(before);
  await staged.finish(context);
  expect(await staged.state(context)).toBe('finished');
  await expect(staged.rollback(context)).rejects.toThrow('finished');
  expect(await graph.run(PRINTED)).toEqual(before);
  await graph.destroy();
});

/** Longer than a pattern can be matched against, or a line be searched again with every chunk. */
const LONG = `it's\n\\😀${'x'.repeat(12_000_000)}`;

/** What SHOW INDEXES says, for indexes that no new database has. */
const INDEXES = `SHOW INDEXES YIELD name, state, createStatement, type WHERE type <> 'LOOKUP'
  RETURN [name, state, createStatement] AS line ORDER BY name`;

test('a very long string, and an index that the server could not build, are restored as they were', async () => {
  await graph.destroy();
  await graph.run('CREATE (:Long {text: $text})', { text: LONG });
  await graph.run('CREATE INDEX `too long` FOR (n:Long) ON (n.text)');
  await graph.run('CREATE INDEX good FOR (n:Long) ON (n.other)');
  while ((await graph.run("SHOW INDEXES YIELD state WHERE state = 'POPULATING'")).length > 0);
  const before = await graph.run(INDEXES);
  expect(before).toEqual([
    ['good', 'ONLINE', expect.any(String)],
    ['too long', 'FAILED', expect.any(String)],
  ]);
  const backup = await captureToFiles(graph.source, graph.directory, context);
  expect(backup.capture.warnings).toEqual([expect.stringContaining('could not build index "too long"')]);
  expect(await graph.source.checkContent(backup, context)).toEqual({ errors: [], warnings: [] });

  await graph.destroy();
  const safety = new FileSafetyCopies(graph.source, graph.directory, [backup]);
  const request = { chain: [backup], target: 'live' } as const;
  await using staged = await graph.source.stage(request, new MemoryJournal(), safety, context);
  await staged.swap(context);
  expect(await graph.run(INDEXES)).toEqual(before);
  expect(await graph.run('MATCH (n:Long) RETURN n.text = $text', { text: LONG })).toEqual([true]);
  await graph.destroy();
});

async function cypherShell(script: string): Promise<void> {
  const { home, host, port, user, password, database = '' } = graph.settings;
  const args = ['-a', `bolt://${host}:${port}`, '-d', database, '--fail-fast', '--format', 'plain', '-f', script];
  const env = { NEO4J_USERNAME: user, NEO4J_PASSWORD: password, NEO4J_HOME: home };
  await testProcesses.run({ file: path.join(home, 'bin', 'cypher-shell'), args, env }, context.signal);
}
