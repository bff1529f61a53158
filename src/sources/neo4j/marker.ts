import { randomBytes } from 'node:crypto';
import type { Graph } from './connection.ts';
import { quoteName } from './names.ts';

/** What names of markers begin with. */
const PREFIX = 'physics_backup_restore_';

/**
 * While the live graph is neither the old nor the new one it has a constraint of this name: schema outlives our
 * processes, is set and removed in one transaction, and is no data. It concerns a label that no node has.
 */
export function newMarker(): string {
  return `${PREFIX}${randomBytes(8).toString('hex')}`;
}

export async function setMarker(graph: Graph, marker: string): Promise<void> {
  await graph.run(
    `CREATE CONSTRAINT ${quoteName(marker)} IF NOT EXISTS FOR (n:physics_backup_restore) REQUIRE n.physics_backup_id IS UNIQUE`,
  );
}

export async function removeMarker(graph: Graph, marker: string): Promise<void> {
  await graph.run(`DROP CONSTRAINT ${quoteName(marker)} IF EXISTS`);
}

/** Markers in the graph: of an unfinished restore. */
export async function markers(graph: Graph): Promise<string[]> {
  const rows = await graph.run('SHOW CONSTRAINTS YIELD name WHERE name STARTS WITH $prefix RETURN name', {
    prefix: PREFIX,
  });
  return rows.map((row) => row.get('name') as string);
}
