import type { Session } from 'neo4j-driver';
import { exact, type Fact, type Facts } from '../../model/facts.ts';
import { entityHash, MultisetDigest } from './digest.ts';
import { escapeName, quoteName } from './names.ts';

/** One constraint or index, without what differs between versions of the server (provider, options). */
export interface SchemaItem {
  readonly kind: 'constraint' | 'index';
  readonly type: string;
  readonly entity: string;
  readonly name: string;
  readonly labels: readonly string[] | null;
  readonly properties: readonly string[] | null;
  /** The server could not build this index. It belongs to the schema all the same, and no digest tells. */
  readonly failed?: true;
}

export interface SchemaEntry {
  readonly item: SchemaItem;
  /** Makes it again, on one line; does nothing when it exists. */
  readonly statement: string;
}

/** The token lookup indexes that every new database has (Neo4j, "Token lookup indexes"). */
const DEFAULT_LOOKUPS = ['index_343aff4e', 'index_f7700477'];

/** Constraints, then the indexes that no constraint owns; in the order of their names. */
export async function readSchema(session: Session): Promise<SchemaEntry[]> {
  const constraints = await session.run(
    'SHOW CONSTRAINTS YIELD name, type, entityType, labelsOrTypes, properties, createStatement ORDER BY name',
  );
  const indexes = await session.run(
    'SHOW INDEXES YIELD name, type, entityType, labelsOrTypes, properties, createStatement, owningConstraint, state WHERE owningConstraint IS NULL RETURN * ORDER BY name',
  );
  return [
    ...constraints.records.map((record) => entry('constraint', record.toObject() as Row)),
    ...indexes.records.map((record) => entry('index', record.toObject() as Row)),
  ];
}

interface Row {
  readonly name: string;
  readonly type: string;
  readonly entityType: string;
  readonly labelsOrTypes: string[] | null;
  readonly properties: string[] | null;
  readonly createStatement: string;
  readonly state?: string;
}

function entry(kind: SchemaItem['kind'], row: Row): SchemaEntry {
  const { type, name, properties, entityType: entity, labelsOrTypes: labels } = row;
  const item = { kind, type, entity, name, labels, properties };
  const statement = repeatable(row.createStatement);
  return { item: row.state === 'FAILED' ? { ...item, failed: true } : item, statement };
}

/** `IF NOT EXISTS`, and names escaped: the server prints a backslash or a line end within a name as it is. */
function repeatable(createStatement: string): string {
  return createStatement
    .replaceAll(QUOTED, (all, name: string | undefined) =>
      name === undefined ? all.replaceAll('\n', '\\n') : `\`${escapeName(name.replaceAll('``', '`'))}\``,
    )
    .replace(/^(CREATE (?:[A-Z]+ )*(?:INDEX|CONSTRAINT) `(?:[^`]|``)*`)/, '$1 IF NOT EXISTS');
}

/** Names between backticks, and strings (of options). */
const QUOTED = /`((?:[^`]|``)*)`|'(?:[^'\\]|\\.)*'/g;

/** Drops the lookup indexes that a new database has and this one has not. */
export function dropMissingLookups(entries: readonly SchemaEntry[]): string[] {
  const names = new Set(entries.map(({ item }) => item.name));
  return DEFAULT_LOOKUPS.filter((name) => !names.has(name)).map((name) => `DROP INDEX ${quoteName(name)} IF EXISTS`);
}

/** Counts by kind, and a digest of them all. */
export function schemaFacts(items: readonly SchemaItem[]): Facts {
  const digest = new MultisetDigest();
  const counts: Record<string, number> = { constraints: 0 };
  for (const item of items) {
    digest.add(entityHash(identityText(item)));
    const name = item.kind === 'constraint' ? 'constraints' : `indexes ${item.type.toLowerCase()}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  const facts: Record<string, Fact> = { 'digest schema': exact(digest.hex()) };
  for (const [name, count] of Object.entries(counts)) facts[name] = exact(count);
  return facts;
}

/** The text of an item in the script. */
export function itemText(item: SchemaItem): string {
  return item.failed === true ? `${identityText(item).slice(0, -1)},"failed":true}` : identityText(item);
}

/** The same for an index whether it could be built or not. */
function identityText({ kind, type, entity, name, labels, properties }: SchemaItem): string {
  return JSON.stringify({ kind, type, entity, name, labels, properties });
}
