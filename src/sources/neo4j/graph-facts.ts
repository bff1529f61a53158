import type { Facts } from '../../model/facts.ts';
import type { Context } from '../../model/source.ts';
import type { Graph } from './connection.ts';
import { exportScript } from './export.ts';
import { readSchema, schemaFacts } from './schema.ts';
import { Tally } from './tally.ts';

/** What a graph holds, read over Bolt and counted as a capture counts it. `except` is a constraint to pass over. */
export async function factsOfGraph(graph: Graph, context: Context, except?: string): Promise<Facts> {
  context.progress.step('count and compare');
  using tally = new Tally(context.workDir);
  const schema = (await graph.use('READ', readSchema)).filter(({ item }) => item.name !== except);
  const script = exportScript(
    {
      graph,
      names: { label: '', property: '', constraint: '' },
      schema: [],
      tally,
      notes: { dangling: 0 },
      checkpoint: () => Promise.resolve(),
      readEnded: () => undefined,
    },
    context,
  );
  let bytes = 0;
  for await (const chunk of script) context.progress.bytes((bytes += chunk.length)); // only what it counts is of interest
  return { ...tally.facts(), ...schemaFacts(schema.map(({ item }) => item)) };
}
