import { int } from 'neo4j-driver';
import { throwIfAborted } from '../../base/errors.ts';
import type { Context } from '../../model/source.ts';
import type { Graph } from './connection.ts';
import { awaitIndexes } from './await-indexes.ts';
import {
  createImportConstraint,
  createNodes,
  createRelationships,
  dropImportConstraint,
  type ImportNames,
  removeImportNames,
} from './script-format.ts';
import { quoteName } from './names.ts';
import { readScript, type SchemaPart, type ScriptPart } from './script-reader.ts';
import type { NodesPart, RelationshipsPart } from './script-rows.ts';

/** Rows, and characters of their texts, that one transaction creates at most. */
const ROWS = 2000;
const CHARACTERS = 2 * 1024 * 1024;

/** Loads a script into an empty database, byte arrays included. Faster than cypher-shell: values go as parameters. */
export async function loadScript(graph: Graph, script: AsyncIterable<Uint8Array>, context: Context): Promise<void> {
  const loader = new Loader(graph, context);
  for await (const part of readScript(script)) {
    throwIfAborted(context.signal);
    await loader.take(part);
  }
  await loader.end();
}

/** Rows of one kind of statement, for one transaction. */
interface Group {
  readonly statement: string;
  readonly rows: object[];
}

class Loader {
  readonly #graph: Graph;
  readonly #context: Context;
  #names: ImportNames | undefined;
  #groups = new Map<string, Group>();
  #rows = 0;
  #characters = 0;
  /** The transaction that runs while the next one's rows are read. */
  #running: Promise<void> = Promise.resolve();
  /** Indexes that could not be built where the script comes from. */
  readonly #failed = new Set<string>();

  constructor(graph: Graph, context: Context) {
    this.#graph = graph;
    this.#context = context;
  }

  async take(part: ScriptPart): Promise<void> {
    if (part.part === 'names') await this.#begin(part.names);
    else if (part.part === 'schema') await this.#schema(part);
    else await this.#add(part);
  }

  async end(): Promise<void> {
    await this.#endRows();
    this.#context.progress.step('wait for indexes');
    await awaitIndexes(this.#graph, this.#failed);
  }

  async #begin(names: ImportNames): Promise<void> {
    this.#names = names;
    await this.#graph.run(createImportConstraint(names));
    await awaitIndexes(this.#graph);
    this.#context.progress.step('load nodes and relationships');
  }

  async #schema({ statement, item }: SchemaPart): Promise<void> {
    await this.#endRows();
    if (item?.failed === true) this.#failed.add(item.name);
    await this.#graph.run(statement);
  }

  async #add(part: NodesPart | RelationshipsPart): Promise<void> {
    const statement = statementOf(part, this.#required());
    const group = this.#groups.get(statement) ?? { statement, rows: [] };
    this.#groups.set(statement, group);
    for (const row of part.rows) {
      group.rows.push(parametersOf(row));
      this.#characters += row.text.length;
    }
    this.#rows += part.rows.length;
    if (this.#rows >= ROWS || this.#characters >= CHARACTERS) await this.#flush();
  }

  /** Waits for the transaction before, then starts this one. */
  async #flush(): Promise<void> {
    const groups = [...this.#groups.values()];
    this.#groups = new Map();
    this.#rows = 0;
    this.#characters = 0;
    await this.#running;
    if (groups.length === 0) return;
    this.#running = this.#run(groups);
    this.#running.catch(() => undefined); // thrown where it is awaited
  }

  async #run(groups: readonly Group[]): Promise<void> {
    await this.#graph.use('WRITE', async (session) => {
      const transaction = await session.beginTransaction(); // closing the session rolls back what is open
      for (const { statement, rows } of groups) await transaction.run(statement, { rows });
      await transaction.commit();
    });
    await this.#context.reached('neo4j.batch-loaded');
  }

  /** Everything created, and the names of the import gone again; nothing the second time. */
  async #endRows(): Promise<void> {
    if (this.#names === undefined) return;
    const names = this.#names;
    await this.#flush();
    await this.#running;
    this.#names = undefined;
    await this.#graph.run(removeImportNames(names));
    await this.#graph.run(dropImportConstraint(names));
    this.#context.progress.step('create constraints and indexes');
  }

  #required(): ImportNames {
    if (this.#names === undefined) throw new Error('rows after the schema'); // the reader lets none through
    return this.#names;
  }
}

function statementOf(part: NodesPart | RelationshipsPart, names: ImportNames): string {
  return part.part === 'nodes' ? createNodes(names, part.labelText) : createRelationships(names, quoteName(part.type));
}

function parametersOf(row: NodesPart['rows'][number] | RelationshipsPart['rows'][number]): object {
  return 'number' in row
    ? { i: int(row.number), p: row.properties }
    : { s: int(row.start), e: int(row.end), p: row.properties };
}
