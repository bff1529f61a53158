import type { Graph } from './connection.ts';
import type { SchemaEntry } from './schema.ts';
import type { ImportNames } from './script-format.ts';

/**
 * Names for the time of the import that the graph does not use. Property keys that it once used count as used: the
 * server lists no others, and a restore leaves its own there for ever.
 */
export async function chooseNames(
  graph: Graph,
  keys: readonly string[],
  schema: readonly SchemaEntry[],
): Promise<ImportNames> {
  const labels = (await graph.run('CALL db.labels() YIELD label')).map((row) => row.get('label') as string);
  const items = schema.map(({ item }) => item);
  return {
    label: unused('physics_backup_import', [...labels, ...items.flatMap((each) => each.labels ?? [])]),
    property: unused('physics_backup_id', keys),
    constraint: unused(
      'physics_backup_import',
      items.map((each) => each.name),
    ),
  };
}

/** All property keys that were ever used. */
export async function propertyKeys(graph: Graph): Promise<string[]> {
  const rows = await graph.run('CALL db.propertyKeys() YIELD propertyKey');
  return rows.map((row) => row.get('propertyKey') as string);
}

function unused(name: string, used: readonly string[]): string {
  const taken = new Set(used);
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? name : `${name}_${number}`;
    if (!taken.has(candidate)) return candidate;
  }
}
