import type { EntityText } from './entity-text.ts';
import { quoteName } from './names.ts';

/**
 * The Cypher script that an export is (docs/neo4j-export.md): one statement or comment a line, so that it can be
 * read with bounded memory; runs in stock cypher-shell against an empty database. Nodes carry a label and a number of
 * their own while the script runs; relationships find their ends by it; both are removed at the end.
 */
export const FIRST_LINE = '// physics-backup graph export, format 1';

/** Names that do not occur in the graph. */
export interface ImportNames {
  readonly label: string;
  readonly property: string;
  readonly constraint: string;
}

export const IMPORT_PREFIX = '// import ';
export const SCHEMA_PREFIX = '// schema ';
export const END_PREFIX = '// end ';

/** What the last line promises; a script without it was cut off. */
export interface ScriptEnd {
  readonly nodes: number;
  readonly relationships: number;
  /** SHA-256 (hex) of all lines before: `head -n -1 FILE | sha256sum`. */
  readonly sha256: string;
}

export function header(names: ImportNames): string[] {
  return [
    FIRST_LINE,
    '// Load it into an empty database: cypher-shell --fail-fast -f FILE',
    '// Byte arrays, for which Cypher has no literal, are comments before null: cypher-shell leaves them out.',
    `${IMPORT_PREFIX}${JSON.stringify(names)}`,
    `${createImportConstraint(names)};`,
    'CALL db.awaitIndexes(300);',
  ];
}

export function footer(names: ImportNames): string[] {
  return [`${removeImportNames(names)};`, `${dropImportConstraint(names)};`];
}

export function createImportConstraint({ label, property, constraint }: ImportNames): string {
  return `CREATE CONSTRAINT ${quoteName(constraint)} IF NOT EXISTS FOR (n:${quoteName(label)}) REQUIRE n.${quoteName(property)} IS UNIQUE`;
}

export function dropImportConstraint({ constraint }: ImportNames): string {
  return `DROP CONSTRAINT ${quoteName(constraint)} IF EXISTS`;
}

export function removeImportNames({ label, property }: ImportNames): string {
  return `MATCH (n:${quoteName(label)}) CALL { WITH n REMOVE n:${quoteName(label)}, n.${quoteName(property)} } IN TRANSACTIONS OF 10000 ROWS`;
}

/** Before the rows of one statement, which are a parameter: cypher-shell evaluates them, and plans are used again. */
export const ROWS_HEAD = ':param rows => [';
export const BEGIN = ':begin';
export const COMMIT = ':commit';

export const AWAIT_INDEXES = 'CALL db.awaitIndexes(86400)';

/** One node: `{i:12,p:{…}}`, and `c:[…]` where the statement has columns. */
export function nodeRow(number: number, { plain, values }: EntityText): string {
  return `{i:${number},p:${plain}${values}}`;
}

/** One relationship: `{s:12,e:13,p:{…}}`, the numbers of its ends. */
export function relationshipRow(start: number, end: number, { plain, values }: EntityText): string {
  return `{s:${start},e:${end},p:${plain}${values}}`;
}

/** Labels as they stand in a pattern, in ascending order; empty for none. */
export function labelText(labels: readonly string[]): string {
  return labels.map((each) => `:${quoteName(each)}`).join('');
}

/** Creates nodes of the rows in parameter `rows`. */
export function createNodes(names: ImportNames, labels: string): string {
  return `UNWIND $rows AS row CREATE (x:${quoteName(names.label)}${labels} {${quoteName(names.property)}:row.i}) SET x += row.p`;
}

/** Creates relationships of the rows in parameter `rows`; the type is quoted. */
export function createRelationships(names: ImportNames, type: string): string {
  const label = quoteName(names.label);
  const property = quoteName(names.property);
  return `UNWIND $rows AS row MATCH (s:${label} {${property}:row.s}) MATCH (e:${label} {${property}:row.e}) CREATE (s)-[x:${type}]->(e) SET x += row.p`;
}
