import { createHash } from 'node:crypto';
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
  STATEMENT_HEAD,
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

  node(number: number, labels: string, propertyText: string): void {
    const due = this.#nodes.add(labels, nodeRow(number, propertyText));
    if (due !== undefined) this.#statement(due, createNodes);
  }

  relationship(start: number, end: number, type: string, propertyText: string): void {
    const due = this.#relationships.add(quoteName(type), relationshipRow(start, end, propertyText));
    if (due !== undefined) this.#statement(due, createRelationships);
  }

  /** Before the first relationship. */
  endNodes(): void {
    for (const batch of this.#nodes.rest()) this.#statement(batch, createNodes);
    this.#commit();
  }

  /** The rest of the text, to its last line. */
  end(schema: readonly SchemaEntry[], counts: Omit<ScriptEnd, 'sha256'>): string {
    for (const batch of this.#relationships.rest()) this.#statement(batch, createRelationships);
    this.#commit();
    for (const line of footer(this.#names)) this.#line(line);
    for (const statement of dropMissingLookups(schema)) this.#line(`${statement};`);
    for (const { item, statement } of schema) this.#line(`${SCHEMA_PREFIX}${itemText(item)}\n${statement};`);
    this.#line(`${AWAIT_INDEXES};`);
    const text = this.take();
    const end: ScriptEnd = { ...counts, sha256: this.#hash.digest('hex') };
    return `${text}${END_PREFIX}${JSON.stringify(end)}\n`;
  }

  #statement({ key, rows }: Batch, create: (names: ImportNames, key: string) => string): void {
    if (this.#open === 0) this.#line(BEGIN);
    this.#line(`${STATEMENT_HEAD}\n${rows.join(',\n')}\n] ${create(this.#names, key)};`);
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
