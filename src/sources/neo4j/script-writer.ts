import { createHash } from 'node:crypto';
import type { EntityText } from './entity-text.ts';
import { type Batch, Batches } from './batches.ts';
import { quoteName } from './names.ts';
import {
  AWAIT_INDEXES,
  BEGIN,
  COMMIT,
  createNodes,
  createRelationships,
  END_PREFIX,
  footer,
  header,
  type ImportNames,
  labelText,
  nodeRow,
  relationshipRow,
  SCHEMA_PREFIX,
  type ScriptEnd,
  ROWS_HEAD,
} from './script-format.ts';
import { dropMissingLookups, itemText, type SchemaEntry } from './schema.ts';

/** Rows between `:begin` and `:commit`. */
const ROWS_OF_TRANSACTION = 5000;

/** Writes the script as text that waits to be taken; entities in any order, nodes before relationships. */
export class ScriptWriter {
  readonly #names: ImportNames;
  #nodes = new Batches();
  #relationships = new Batches();
  readonly #parts: string[] = [];
  readonly #hash = createHash('sha256');
  #size = 0;
  #open = 0;

  constructor(names: ImportNames) {
    this.#names = names;
    for (const line of header(names)) this.#line(line);
  }

  /** Characters that wait. */
  get size(): number {
    return this.#size;
  }

  take(): string {
    const text = this.#parts.join('');
    this.#hash.update(text);
    this.#parts.length = 0;
    this.#size = 0;
    return text;
  }

  node(number: number, labels: string, text: EntityText): void {
    const due = this.#nodes.add(createNodes(this.#names, labels) + text.columns, nodeRow(number, text));
    if (due !== undefined) this.#statement(due);
  }

  relationship(start: number, end: number, type: string, text: EntityText): void {
    const statement = createRelationships(this.#names, quoteName(type)) + text.columns;
    const due = this.#relationships.add(statement, relationshipRow(start, end, text));
    if (due !== undefined) this.#statement(due);
  }

  /** Before the first relationship. */
  endNodes(): void {
    for (const batch of this.#nodes.rest()) this.#statement(batch);
    this.#commit();
  }

  /** The rest of the text, to its last line. */
  end(schema: readonly SchemaEntry[], counts: Omit<ScriptEnd, 'sha256'>): string {
    for (const batch of this.#relationships.rest()) this.#statement(batch);
    this.#commit();
    for (const line of footer(this.#names)) this.#line(line);
    for (const statement of dropMissingLookups(schema)) this.#line(`${statement};`);
    for (const { item, statement } of schema) this.#line(`${SCHEMA_PREFIX}${itemText(item)}\n${statement};`);
    this.#line(`${AWAIT_INDEXES};`);
    const text = this.take();
    const end: ScriptEnd = { ...counts, sha256: this.#hash.digest('hex') };
    return `${text}${END_PREFIX}${JSON.stringify(end)}\n`;
  }

  #statement({ key, rows }: Batch): void {
    if (this.#open === 0) this.#line(BEGIN);
    this.#line(`${ROWS_HEAD}${rows.join(',')}]`);
    this.#line(`${key};`);
    this.#open += rows.length;
    if (this.#open >= ROWS_OF_TRANSACTION) this.#commit();
  }

  #commit(): void {
    if (this.#open > 0) this.#line(COMMIT);
    this.#open = 0;
  }

  #line(text: string): void {
    this.#parts.push(text, '\n');
    this.#size += text.length + 1;
  }
}

/** Labels in the order in which they are written, and their text. */
export function sortedLabels(labels: readonly string[]): { readonly labels: readonly string[]; readonly text: string } {
  const sorted = labels.length > 1 ? labels.toSorted() : labels;
  return { labels: sorted, text: labelText(sorted) };
}
