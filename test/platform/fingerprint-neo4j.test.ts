import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withNeo4j } from '../../platform/clients/neo4j.ts';
import { destroyNeo4j } from '../../platform/data/destroy.ts';
import { seedNeo4j } from '../../platform/data/neo4j/seed.ts';
import { differingNames } from '../../platform/fingerprint/compare.ts';
import type { Fingerprint } from '../../platform/fingerprint/fingerprint.ts';
import { fingerprintNeo4j } from '../../platform/fingerprint/neo4j/fingerprint.ts';
import { type BorrowedNeo4j, borrowNeo4j } from '../support/system/shared-neo4j.ts';

let neo4j: BorrowedNeo4j;
let before: Fingerprint;

beforeAll(async () => {
  neo4j = await borrowNeo4j();
  before = await fingerprintNeo4j(neo4j.environment);
});
afterAll(async () => {
  await destroyNeo4j(neo4j.environment);
  await neo4j[Symbol.asyncDispose]();
});

async function run(...statements: readonly string[]): Promise<void> {
  await withNeo4j(neo4j.environment, async (driver, database) => {
    for (const statement of statements) await driver.executeQuery(statement, {}, { database });
  });
}

/** What differs since the last call; the state now is what the next is compared with. */
async function changed(): Promise<string[]> {
  const after = await fingerprintNeo4j(neo4j.environment);
  const names = differingNames(before, after);
  before = after;
  return names;
}

/** A change of a property changes the whole node, and the structure, which rests on what the nodes are. */
function ofExample(property: string): string[] {
  return ['nodes "Example"', `nodes "Example" property ${JSON.stringify(property)}`, 'structure'];
}

const LABS = 'relationships ("Lab")-["PARALLEL"]->("Lab")';

describe('names exactly what was changed', () => {
  test.each<[what: string, property: string, value: string]>([
    ['a zone, at the same instant and offset', 'zone', "datetime('2025-07-01T12:00:00[Europe/Paris]')"],
    ['a zone, to its offset', 'zone', "datetime('2025-07-01T12:00:00+02:00')"],
    ['an offset, at the same instant', 'utc', "time('02:02:03+01:00')"],
    [
      'the later of two equal hours',
      'foldEarly',
      "datetime({datetime: datetime('2025-10-26T01:30:00Z'), timezone: 'Europe/Berlin'})",
    ],
    ['-0.0 to 0.0', 'negativeZero', '0.0'],
    ['a float to an integer', 'whole', '1'],
    ['an integer by one, beyond what floats hold', 'unsafe', '9007199254740992'],
    ['a NaN to infinity', 'nan', '1.0 / 0.0'],
    ['an empty list to none', 'empty', 'null'],
    ['a list of floats to integers', 'wholeFloats', '[1, 2, 3]'],
    ['-0.0 in a list', 'floats', '[0.0, 0.0, 0.0 / 0.0, 1.0 / 0.0, 1.5]'],
    ['bytes to a list', 'bytes', '[0, 1, -1, 127, -128]'],
    ['a list to its only element', 'single', "'x'"],
    ['a day to 24 hours', 'day', 'duration({hours: 24})'],
    ['a date to a text', 'ancient', "'-0044-03-15'"],
    ['a nanosecond', 'midnight', "localtime('00:00:00.000000001')"],
    ['a system of coordinates', 'place', 'point({x: 13.404954, y: 52.520008})'],
    ['a coordinate -0.0 to 0.0', 'flat', 'point({x: 1.5, y: 0.0})'],
    ['composed to decomposed', 'marks', 'normalize("Cafe\u0301 is not Café", NFD)'],
    ['under a name with backticks', 'weird `key`', '2'],
  ])('%s', async (_, property, value) => {
    const name = `\`${property.replaceAll('`', '``')}\``;
    const kind = property === 'empty' ? "{kind: 'lists'}" : property === 'day' ? "{kind: 'durations'}" : '';
    const match = `MATCH (n:Example ${kind}) WHERE n.${name} IS NOT NULL`;
    await run(`${match} WITH n, ${value} AS value REMOVE n.${name} SET n.${name} = value`); // -0.0 = 0.0: SET alone does nothing
    expect(await changed()).toEqual(ofExample(property));
  });

  test.each<[what: string, statement: string, names: string[]]>([
    ['a twin', 'CREATE (:Bare)', ['nodes "Bare"', 'structure']],
    [
      'a node without anything',
      'MATCH (n) WHERE labels(n) = [] AND n.kind IS NULL WITH n LIMIT 1 DELETE n',
      ['nodes without label', 'structure'],
    ],
    [
      'a relationship less, of two alike',
      'MATCH (:Lab)-[r:PARALLEL]->(:Lab) WHERE r.n IS NULL WITH r LIMIT 1 DELETE r',
      [LABS, 'structure'],
    ],
    [
      'a property of a relationship',
      'MATCH (:Lab)-[r:PARALLEL]->(:Lab) WHERE r.n = 1 WITH r LIMIT 1 SET r.n = 2',
      [LABS, `${LABS} property "n"`, 'structure'],
    ],
    [
      'the direction of a relationship',
      'MATCH (a:Lab)-[r:MOVED]->(b:Lab) WHERE r.place IS NULL DELETE r CREATE (a)<-[:MOVED]-(b)',
      ['structure'],
    ],
    [
      'who it was, where there are others alike',
      `MATCH (a:Attempt)-[r:REVIEWED_BY]->(b:Student) WITH a, r, b ORDER BY a.number, b.id LIMIT 1
       MATCH (c:Student) WHERE c.id <> b.id AND NOT (a)<-[:MADE]-(c) WITH a, r, c ORDER BY c.id LIMIT 1
       CREATE (a)-[s:REVIEWED_BY]->(c) SET s = properties(r) DELETE r`,
      ['structure'],
    ],
    [
      'two triangles joined to a hexagon',
      `MATCH (a:Ring)-[r:NEXT]->(b:Ring)-[:NEXT]->(e:Ring)-[:NEXT]->(a),
             (c:Ring)-[s:NEXT]->(d:Ring)-[:NEXT]->(:Ring)-[:NEXT]->(c)
       WHERE NOT c IN [a, b, e] WITH a, b, r, c, d, s LIMIT 1
       DELETE r, s CREATE (a)-[:NEXT]->(d), (c)-[:NEXT]->(b)`,
      ['structure'],
    ],
    [
      'the values of one property between two nodes',
      `MATCH (a:Attempt {number: 1}), (b:Attempt {number: 2}) WITH a, b, a.seconds AS x, b.seconds AS y
       SET a.seconds = y, b.seconds = x`,
      ['nodes "Attempt"', 'structure'],
    ],
    ['an index', 'DROP INDEX concept_level', ['index concept_level']],
    ['an index of the server', 'DROP INDEX index_343aff4e', ['index index_343aff4e']],
    [
      'a constraint, and the index it owns',
      'DROP CONSTRAINT mastered_id',
      ['constraint mastered_id', 'index mastered_id'],
    ],
  ])('%s', async (_, statement, names) => {
    await run(statement);
    expect(await changed()).toEqual(names);
  });

  test('a label', async () => {
    await run("MATCH (n:Twin {name: 'loop'}) SET n:Extra");
    const names = await changed();
    expect(names).toContain('nodes "Extra" "Twin"');
    expect(names).toContain('nodes "Twin"');
    expect(names).toContain('relationships ("Twin")-["SELF"]->("Twin")');
    expect(names.filter((name) => !/Twin|^structure$/.test(name))).toEqual([]);
  });

  test('an option of an index', async () => {
    await run(
      'DROP INDEX lab_place',
      'CREATE POINT INDEX lab_place FOR (n:Lab) ON (n.place) OPTIONS {indexConfig: {`spatial.cartesian.min`: [-100.0, -101.0]}}',
    );
    expect(await changed()).toEqual(['index lab_place']);
  });
});

test('ids and the order of creation do not matter', async () => {
  await run(
    `CREATE (a:A:B {n: 1, m: 2})-[:R]->(b:A {n: 2}), (b)-[:R {k: 1}]->(a), (b)-[:R {k: 2}]->(a), (b)-[:S]->(b)
     CREATE (:A {n: 2})-[:R]->(:A {n: 2})`,
  );
  await changed();
  await run(
    'MATCH (n:A) DETACH DELETE n',
    'CREATE (:Other)-[:T]->(:Other), (:A {n: 2})-[:R]->(:A {n: 2})',
    `CREATE (b:A {n: 2}) CREATE (b)-[:S]->(b) CREATE (a:B {m: 2, n: 1}) SET a:A
     CREATE (b)-[:R {k: 2}]->(a), (b)-[:R {k: 1}]->(a), (a)-[:R]->(b)`,
    'MATCH (n:Other) DETACH DELETE n',
  );
  expect(await changed()).toEqual([]);
});

/** What differs from the data before. */
async function reseed(seed: number): Promise<string[]> {
  await destroyNeo4j(neo4j.environment);
  await seedNeo4j(neo4j.environment, { scale: 1, seed });
  return changed();
}

test('the same seed gives the same data, another seed other data', async () => {
  await reseed(7);
  expect(await reseed(7)).toEqual([]);
  const names = await reseed(8);
  expect(names).toEqual(expect.arrayContaining(['nodes "Attempt" property "answer"', 'structure']));
  expect(names.filter((name) => /^(index|constraint)/.test(name))).toEqual([]);
});

test('the disaster leaves neither graph nor schema', async () => {
  await destroyNeo4j(neo4j.environment);
  const left = await fingerprintNeo4j(neo4j.environment);
  expect(Object.keys(left).filter((name) => !name.startsWith('index index_'))).toEqual(['structure']);
});
