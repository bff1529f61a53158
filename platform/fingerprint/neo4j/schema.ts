import type { Driver } from 'neo4j-driver';
import type { Fingerprint } from '../fingerprint.ts';
import { canonicalProperties } from './canonical.ts';

const CONSTRAINTS = `
  SHOW CONSTRAINTS YIELD name, type, entityType, labelsOrTypes, properties, ownedIndex, propertyType`;
const INDEXES = `
  SHOW INDEXES YIELD name, type, entityType, labelsOrTypes, properties, owningConstraint, indexProvider, options, state`;
const POPULATION_SECONDS = 600;

/** Constraints and indexes with all their options, once the indexes are populated. */
export async function fingerprintSchema(driver: Driver, database: string): Promise<Fingerprint> {
  const session = driver.session({ database });
  try {
    await session.run(`CALL db.awaitIndexes(${POPULATION_SECONDS})`);
    const constraints = await session.run(CONSTRAINTS);
    const indexes = await session.run(INDEXES);
    return Object.fromEntries([
      ...constraints.records.map((row) => [`constraint ${String(row.get('name'))}`, describe(row.toObject())]),
      ...indexes.records.map((row) => [`index ${String(row.get('name'))}`, describe(row.toObject())]),
    ]) as Fingerprint;
  } finally {
    await session.close();
  }
}

/** `options` is a map of maps; nulls are left out. */
function describe(row: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(row).filter(([name, value]) => name !== 'name' && value !== null);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return entries
    .map(([name, value]) => `${name}: ${isMap(value) ? `{${describe(value)}}` : listText(value)}`)
    .join(', ');
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function listText(value: unknown): string {
  return canonicalProperties({ value })[0]?.[1] ?? '';
}
