import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { assert, asyncProperty, integer, nat } from 'fast-check';
import neo4j from 'neo4j-driver';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BackupError } from '../../../src/base/errors.ts';
import type { Facts } from '../../../src/model/facts.ts';
import type { ReadableBackup } from '../../../src/model/source.ts';
import { checkScript } from '../../../src/sources/neo4j/content.ts';
import { DigestTable } from '../../../src/sources/neo4j/digest-table.ts';
import { entityHash, MultisetDigest } from '../../../src/sources/neo4j/digest.ts';
import { entityText } from '../../../src/sources/neo4j/entity-text.ts';
import { type SchemaEntry, schemaFacts } from '../../../src/sources/neo4j/schema.ts';
import { readScript } from '../../../src/sources/neo4j/script-reader.ts';
import { ScriptWriter, sortedLabels } from '../../../src/sources/neo4j/script-writer.ts';
import { Tally } from '../../../src/sources/neo4j/tally.ts';
import { type TestContext, testContext } from '../../support/file-backup.ts';

let directory = '';
let context: TestContext;

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'pbs-script-'));
  context = await testContext();
});
afterAll(async () => {
  await context[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

const SCHEMA: readonly SchemaEntry[] = [
  {
    item: { kind: 'index', type: 'RANGE', entity: 'NODE', name: 'ages', labels: ['Person'], properties: ['age'] },
    statement: 'CREATE RANGE INDEX `ages` IF NOT EXISTS FOR (n:`Person`) ON (n.`age`)',
  },
];

/** A script of a few nodes and relationships, and the facts of it. */
function sample(nodes = 5): { readonly text: string; readonly facts: Facts } {
  using tally = new Tally(directory);
  const writer = new ScriptWriter({ label: 'i', property: 'n', constraint: 'c' });
  for (let number = 0; number < nodes; number += 1) {
    const { labels, text: labelText } = sortedLabels(['Person', 'Ärztin', ''].slice(number % 3, 2));
    const day = new neo4j.types.Date(neo4j.int(2000 + number), neo4j.int(1), neo4j.int(1));
    const text = entityText({
      age: neo4j.int(number),
      name: `Nr. ${number}; it's`,
      weight: -0,
      born: day,
      days: [day],
    });
    tally.node(number, labels, labelText, text.canonical);
    writer.node(number, labelText, text);
  }
  writer.endNodes();
  for (let number = 1; number < nodes; number += 1) {
    const text = entityText({ since: number / 2, 'we`ird': NaN, list: [1, Infinity] });
    tally.relationship(number - 1, number, 'KNOWS', text.canonical);
    writer.relationship(number - 1, number, 'KNOWS', text);
  }
  const text = writer.end(SCHEMA, { nodes: tally.nodes, relationships: tally.relationships });
  return { text, facts: { ...tally.facts(), ...schemaFacts(SCHEMA.map(({ item }) => item)) } };
}

async function errorsOf(bytes: Uint8Array, facts: Facts, chunk = 1000): Promise<readonly string[]> {
  const backup = {
    facts,
    async *chunks() {
      for (let at = 0; at < bytes.length; at += chunk) yield await Promise.resolve(bytes.subarray(at, at + chunk));
    },
  };
  return (await checkScript(backup as unknown as ReadableBackup, context)).errors;
}

test('a script that is whole passes, whatever the chunks are that it comes in', async () => {
  const { text, facts } = sample(450);
  for (const chunk of [1, 7, 4096, 1e9]) expect(await errorsOf(Buffer.from(text), facts, chunk)).toEqual([]);
});

test('a script that was cut anywhere is damaged', async () => {
  const { text, facts } = sample();
  const bytes = Buffer.from(text);
  for (let length = 0; length < bytes.length - 1; length += 1)
    expect(await errorsOf(bytes.subarray(0, length), facts), `cut at ${length}`).not.toEqual([]);
});

test('a script with one byte changed anywhere is damaged', async () => {
  const { text, facts } = sample();
  await assert(
    asyncProperty(nat(), integer({ min: 1, max: 255 }), async (position, mask) => {
      const bytes = Buffer.from(text);
      const at = position % (bytes.length - 1);
      bytes[at] = (bytes[at] ?? 0) ^ mask;
      const found = await errorsOf(bytes, facts).catch((error: unknown) => error);
      // The format's number may become a newer one's.
      expect(found instanceof BackupError ? found.kind : found).not.toEqual([]);
      expect(found).not.toBeInstanceOf(TypeError);
    }),
    { numRuns: 3000 },
  );
});

test('a script that holds something else than was captured is not its backup', async () => {
  const { text } = sample();
  expect(await errorsOf(Buffer.from(text), sample(6).facts)).toEqual(
    expect.arrayContaining(['nodes: 6 captured, 5 in the script']),
  );
});

test('what follows the end, and a newer format, are refused', async () => {
  const { text, facts } = sample();
  expect(await errorsOf(Buffer.from(`${text}MATCH (n) DETACH DELETE n;\n`), facts)).toEqual([
    expect.stringContaining('goes on after its end'),
  ]);
  await expect(errorsOf(Buffer.from(text.replace('format 1', 'format 2')), facts)).rejects.toMatchObject({
    kind: 'newer-format',
  });
});

test('parts come in their order, with every value', async () => {
  const parts = await Array.fromAsync(readScript(chunksOf(sample().text)));
  expect(parts.map(({ part }) => part)).toEqual([
    'names',
    'nodes',
    'nodes',
    'nodes',
    'relationships',
    'schema',
    'schema',
    'schema',
  ]);
});

async function* chunksOf(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

function digest(list: readonly Buffer[]): string {
  const sum = new MultisetDigest();
  for (const each of list) sum.add(each);
  return sum.hex();
}

test('a digest does not depend on the order, and counts equals', () => {
  const hashes = ['a', 'b', 'c', 'c'].map(entityHash);
  expect(digest(hashes)).toBe(digest(hashes.toReversed()));
  expect(digest(hashes)).not.toBe(digest(hashes.slice(1)));
  expect(digest(hashes.slice(0, 3))).not.toBe(digest(hashes));
  const expected = hashes.reduce((sum, each) => sum + BigInt(`0x${each.toString('hex')}`), 0n) % 2n ** 256n;
  expect(digest(hashes)).toBe(expected.toString(16).padStart(64, '0'));
});

test('a table that does not fit into memory holds everything, and leaves no file', () => {
  const count = 20_000;
  const step = 7919; // a prime: pages are visited in disorder
  {
    using table = new DigestTable(directory, 4);
    for (let index = 0; index < count; index += 1)
      table.set((index * step) % count, entityHash(String((index * step) % count)));
    for (let node = 0; node < count; node += 1)
      expect(table.get((node * step) % count)).toBe(entityHash(String((node * step) % count)).toString('hex', 0, 8));
    expect(table.get(count * 3)).toBeUndefined();
  }
  expect(() => new DigestTable(path.join(directory, 'missing'), 1).get(1)).not.toThrow();
});
