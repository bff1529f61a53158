import type { Node, Relationship } from 'neo4j-driver';
import type { Graph } from './connection.ts';
import { literal } from './literals.ts';
import { dateTimeOfText } from './literal-calls.ts';

/**
 * The properties of an entity of which the driver could not decode a value: a zoned date beyond what JavaScript's
 * Date covers (±271,821 years), or in a zone that Java knows and JavaScript does not. Those the server prints.
 */
export async function decodedProperties(graph: Graph, entity: Node | Relationship): Promise<Record<string, unknown>> {
  const found = Object.create(null) as Record<string, unknown>; // a key may be __proto__
  for (const [key, value] of Object.entries(entity.properties))
    found[key] = isDecoded(value) ? value : await printed(graph, entity, key, Array.isArray(value));
  return found;
}

function isDecoded(value: unknown): boolean {
  try {
    literal(value);
    return true;
  } catch {
    return false; // any use of such a value throws
  }
}

async function printed(graph: Graph, entity: Node | Relationship, key: string, isList: boolean): Promise<unknown> {
  const pattern = 'labels' in entity ? '(x)' : '()-[x]->()';
  const value = isList ? '[each IN x[$key] | toString(each)]' : 'toString(x[$key])';
  const [row] = await graph.run(`MATCH ${pattern} WHERE elementId(x) = $id RETURN ${value} AS value`, {
    id: entity.elementId,
    key,
  });
  const text = row?.get('value') as string | string[] | undefined;
  return Array.isArray(text) ? text.map((each) => dateTimeOfText(each)) : dateTimeOfText(text ?? '');
}
