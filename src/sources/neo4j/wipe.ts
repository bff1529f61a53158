import type { Context } from '../../model/source.ts';
import type { Graph } from './connection.ts';
import { quoteName } from './names.ts';
import { readSchema } from './schema.ts';

/** Takes everything out of the database but the constraint `except`. May be called again after a crash. */
export async function wipe(graph: Graph, context: Context, except: string): Promise<void> {
  context.progress.step('empty the live graph');
  for (const { item } of await graph.use('READ', readSchema)) {
    if (item.name !== except) await graph.run(`DROP ${item.kind.toUpperCase()} ${quoteName(item.name)} IF EXISTS`);
  }
  await context.reached('neo4j.schema-dropped');
  // Relationships first: a node with a million of them would not fit into one transaction.
  await graph.run('MATCH ()-[r]->() CALL { WITH r DELETE r } IN TRANSACTIONS OF 20000 ROWS');
  await context.reached('neo4j.relationships-deleted');
  await graph.run('MATCH (n) CALL { WITH n DETACH DELETE n } IN TRANSACTIONS OF 20000 ROWS');
}
