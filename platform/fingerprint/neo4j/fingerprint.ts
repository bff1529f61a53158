import type { Driver, Record as Row } from 'neo4j-driver';
import type { Environment } from '../../clients/environment.ts';
import { withNeo4j } from '../../clients/neo4j.ts';
import type { Fingerprint } from '../fingerprint.ts';
import { MultisetHashes } from '../multiset.ts';
import { canonicalProperties } from './canonical.ts';
import { Structure } from './colours.ts';
import { fingerprintSchema } from './schema.ts';

/**
 * The graph without the server's ids: nodes by their labels, relationships by type and the labels at their ends, each
 * whole and property by property; `structure` says which node is joined to which, and changes with any content too.
 */
export function fingerprintNeo4j(environment: Environment): Promise<Fingerprint> {
  return withNeo4j(environment, async (driver, database) => {
    const schema = await fingerprintSchema(driver, database);
    const hashes = new MultisetHashes();
    const structure = new Structure();
    for await (const row of stream(driver, database, NODES)) addNode(row, hashes, structure);
    for await (const row of stream(driver, database, RELATIONSHIPS)) addRelationship(row, hashes, structure);
    return { ...schema, ...hashes.toFingerprint(), structure: String(structure) };
  });
}

const NODES = 'MATCH (n) RETURN id(n) AS id, labels(n) AS labels, properties(n) AS properties';
const RELATIONSHIPS = `
  MATCH (a)-[r]->(b) RETURN id(a) AS from, id(b) AS to, type(r) AS type, properties(r) AS properties,
    labels(a) AS fromLabels, labels(b) AS toLabels`;

/** Rows as they come. */
async function* stream(driver: Driver, database: string, query: string): AsyncGenerator<Row> {
  const session = driver.session({ database, defaultAccessMode: 'READ' });
  try {
    yield* session.run(query);
  } finally {
    await session.close();
  }
}

function addNode(row: Row, hashes: MultisetHashes, structure: Structure): void {
  const name = `nodes ${labelText(row.get('labels') as string[])}`;
  structure.addNode(row.get('id') as bigint, addContent(name, row, hashes));
}

function addRelationship(row: Row, hashes: MultisetHashes, structure: Structure): void {
  const [from, to] = [labelText(row.get('fromLabels') as string[]), labelText(row.get('toLabels') as string[])];
  const type = JSON.stringify(row.get('type'));
  const digest = addContent(`relationships (${from})-[${type}]->(${to})`, row, hashes);
  structure.addRelationship(row.get('from') as bigint, row.get('to') as bigint, digest);
}

/** Adds one entity, whole and by property; returns the hash of it. */
function addContent(name: string, row: Row, hashes: MultisetHashes): Buffer {
  const properties = canonicalProperties(row.get('properties') as Record<string, unknown>);
  const content = JSON.stringify([name, properties]);
  for (const [key, value] of properties) hashes.add(`${name} property ${JSON.stringify(key)}`, value);
  return hashes.add(name, content);
}

function labelText(labels: readonly string[]): string {
  const sorted = labels.toSorted().map((label) => JSON.stringify(label));
  return sorted.length === 0 ? 'without label' : sorted.join(' ');
}
