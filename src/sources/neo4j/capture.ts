import { systemClock } from '../../base/clock.ts';
import type { ArtifactKind, Capture, Consistency } from '../../model/backup.ts';
import type { ArtifactSink, Context } from '../../model/source.ts';
import type { Instant } from '../../model/vocabulary.ts';
import { Graph } from './connection.ts';
import { position, samePosition, settledPosition } from './consistency.ts';
import { type ExportNotes, exportScript } from './export.ts';
import { chooseNames, propertyKeys } from './import-names.ts';
import { readSchema, type SchemaEntry, schemaFacts } from './schema.ts';
import { serverVersion } from './server.ts';
import type { Neo4jAddress } from './settings.ts';
import { Tally } from './tally.ts';

export const SCRIPT: ArtifactKind = { extension: 'cypher' };

/** After so many exports that a writer disturbed, the last one is kept as `fuzzy`. */
const ATTEMPTS = 3;

/** A transaction was committed while the graph was read; the sink drops what it got of this attempt. */
class Disturbed extends Error {}

/** Exports the graph while writers may go on; again, when one committed meanwhile. */
export async function captureGraph(
  address: Neo4jAddress,
  sink: ArtifactSink,
  momentFixed: (at: Instant) => void,
  context: Context,
): Promise<Capture> {
  await using graph = await Graph.open(address, context.signal);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await captureOnce(graph, sink, momentFixed, attempt === ATTEMPTS, context);
    } catch (error) {
      if (!isDisturbed(error)) throw error;
      context.progress.step('export again, because the graph was written to');
    }
  }
}

async function captureOnce(
  graph: Graph,
  sink: ArtifactSink,
  momentFixed: (at: Instant) => void,
  last: boolean,
  context: Context,
): Promise<Capture> {
  const startedAt = systemClock.now();
  const begin = await position(graph);
  const schema = await graph.use('READ', readSchema);
  const keys = await propertyKeys(graph);
  const notes: ExportNotes = { dangling: 0 };
  using tally = new Tally(context.workDir);
  let consistency: Consistency = 'consistent';
  const checkpoint = async (): Promise<void> => {
    if (samePosition(begin, await settledPosition(graph))) return;
    if (!last) throw new Disturbed('a transaction was committed while the graph was exported');
    consistency = 'fuzzy';
  };
  const names = await chooseNames(graph, keys, schema);
  const readEnded = (): void => momentFixed(startedAt);
  const request = { graph, names, schema, tally, notes, checkpoint, readEnded };
  await sink.fromChunks(SCRIPT, exportScript(request, context));
  return finished(await serverVersion(graph), tally, schema, consistency, notes);
}

function finished(
  server: string,
  tally: Tally,
  schema: readonly SchemaEntry[],
  consistency: Consistency,
  notes: ExportNotes,
): Capture {
  return {
    facts: { ...tally.facts(), ...schemaFacts(schema.map(({ item }) => item)) },
    consistency,
    versions: { server },
    warnings: [...warnings(consistency, notes), ...failedIndexes(schema)],
  };
}

function warnings(consistency: Consistency, { dangling }: ExportNotes): string[] {
  const found: string[] = [];
  if (consistency === 'fuzzy')
    found.push(`the graph was written to during each of ${ATTEMPTS} exports: this one may mix moments`);
  if (dangling > 0) found.push(`${dangling} relationships left out: their nodes were made while the graph was read`);
  return found;
}

function failedIndexes(schema: readonly SchemaEntry[]): string[] {
  const names = schema.filter(({ item }) => item.failed === true).map(({ item }) => `"${item.name}"`);
  if (names.length === 0) return [];
  return [`the server could not build index ${names.join(', ')} (SHOW INDEXES says why): only the definition is kept`];
}

/** A sink may wrap what its input threw. */
function isDisturbed(error: unknown): boolean {
  if (error instanceof Disturbed) return true;
  return error instanceof Error && error.cause !== undefined && isDisturbed(error.cause);
}
