import type { Graph } from './connection.ts';
import type { SchemaEntry } from './schema.ts';
import type { ImportNames } from './script-format.ts';

/**
 * Names for the time of the import that the graph does not use. Property keys that it once used count as used: the
 * server lists no others, and a restore leaves its own there for ever.
 */
export async function chooseNames(graph: Graph, schema: readonly SchemaEntry[]): Promise<ImportNames> {
  const labels = await graph.run('CALL db.labels() YIELD label RETURN label AS name');
  const keys = await graph.run('CALL db.propertyKeys() YIELD propertyKey RETURN propertyKey AS name');
  const names = (rows: typeof labels): string[] => rows.map((row) => row.get('name') as string);
  const items = schema.map(({ item }) => item);
  return {
    label: unused('physics_backup_import', [...names(labels), ...items.flatMap((each) => each.labels ?? [])]),
    property: unused('physics_backup_id', names(keys)),
    constraint: unused(
      'physics_backup_import',
      items.map((each) => each.name),
    ),
  };
}

function unused(name: string, used: readonly string[]): string {
  const taken = new Set(used);
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? name : `${name}_${number}`;
    if (!taken.has(candidate)) return candidate;
  }
}
