import type { Node, Relationship } from 'neo4j-driver';
import { throwIfAborted } from '../../base/errors.ts';
import type { Context } from '../../model/source.ts';
import type { Graph } from './connection.ts';
import { decodedProperties } from './far-dates.ts';
import { type EntityText, entityText } from './entity-text.ts';
import type { SchemaEntry } from './schema.ts';
import type { ImportNames } from './script-format.ts';
import { ScriptWriter, sortedLabels } from './script-writer.ts';
import type { Tally } from './tally.ts';

/** What one export did besides the script. */
export interface ExportNotes {
  /** Relationships left out because an end of theirs was made after the nodes were read. */
  dangling: number;
}

export interface ExportRequest {
  readonly graph: Graph;
  readonly names: ImportNames;
  readonly schema: readonly SchemaEntry[];
  readonly tally: Tally;
  readonly notes: ExportNotes;
  /** Called between nodes and relationships, and at the end; may throw to give up. */
  readonly checkpoint: () => Promise<void>;
  /** Called once nothing more is read from the graph. */
  readonly readEnded: () => void;
}

const CHUNK = 64 * 1024;

/** Streams the graph as a script; memory does not grow with the graph. */
export async function* exportScript(
  request: ExportRequest,
  context: Context,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { names, tally, schema, checkpoint } = request;
  const writer = new ScriptWriter(names);
  for (const entities of [nodes, relationships]) {
    for await (const _ of entities(request, writer, context)) {
      throwIfAborted(context.signal);
      yield Buffer.from(writer.take());
    }
    await checkpoint();
  }
  request.readEnded();
  yield Buffer.from(writer.end(schema, { nodes: tally.nodes, relationships: tally.relationships }));
}

/** Yields whenever a chunk of text waits. */
async function* nodes(request: ExportRequest, writer: ScriptWriter, { progress }: Context): AsyncGenerator<undefined> {
  progress.step('export nodes');
  for await (const batch of request.graph.stream('MATCH (n) RETURN n')) {
    for (const node of batch as readonly Node[]) {
      const number = node.identity.toNumber();
      const labels = sortedLabels(node.labels);
      const text = textOf(node) ?? entityText(await decodedProperties(request.graph, node));
      request.tally.node(number, labels.labels, labels.text, text.canonical);
      writer.node(number, labels.text, text);
    }
    if (writer.size >= CHUNK) yield undefined;
  }
  writer.endNodes();
}

async function* relationships(
  request: ExportRequest,
  writer: ScriptWriter,
  { progress }: Context,
): AsyncGenerator<undefined> {
  progress.step('export relationships');
  for await (const batch of request.graph.stream('MATCH ()-[r]->() RETURN r')) {
    for (const relationship of batch as readonly Relationship[]) {
      const start = relationship.start.toNumber();
      const end = relationship.end.toNumber();
      const text = textOf(relationship) ?? entityText(await decodedProperties(request.graph, relationship));
      if (request.tally.relationship(start, end, relationship.type, text.canonical))
        writer.relationship(start, end, relationship.type, text);
      else request.notes.dangling += 1;
    }
    if (writer.size >= CHUNK) yield undefined;
  }
}

/** Undefined when the driver could not decode a value. */
function textOf(entity: Node | Relationship): EntityText | undefined {
  try {
    return entityText(entity.properties);
  } catch {
    return undefined;
  }
}
