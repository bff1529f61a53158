import { BackupError } from '../../base/errors.ts';
import { unquoteName } from './names.ts';
import { LiteralReader } from './parse-literals.ts';
import { createNodes, createRelationships, type ImportNames } from './script-format.ts';

type Properties = Readonly<Record<string, unknown>>;

export interface NodeRow {
  readonly number: number;
  /** As it stands in the script: what digests are made of. */
  readonly text: string;
  readonly properties: Properties;
}

export interface RelationshipRow {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly properties: Properties;
}

export interface NodesPart {
  readonly part: 'nodes';
  readonly labels: readonly string[];
  readonly labelText: string;
  readonly rows: readonly NodeRow[];
}

export interface RelationshipsPart {
  readonly part: 'relationships';
  readonly type: string;
  readonly rows: readonly RelationshipRow[];
}

/** The rows of one statement, read line by line, and then its last line. */
export class RowsReader {
  readonly #nodes: readonly [string, string];
  readonly #relationships: readonly [string, string];
  #nodeRows: NodeRow[] = [];
  #relationshipRows: RelationshipRow[] = [];

  constructor(names: ImportNames) {
    this.#nodes = around((labels) => createNodes(names, labels));
    this.#relationships = around((type) => createRelationships(names, type));
  }

  /** One row; all but the last of a statement end with a comma, which the caller has taken off. */
  row(line: string): void {
    const reader = new LiteralReader(line);
    if (line.startsWith('{i:')) this.#nodeRows.push(nodeOf(reader, line));
    else this.#relationshipRows.push(relationshipOf(reader, line));
    reader.end();
  }

  /** The statement's last line, which begins with `] `. */
  end(line: string): NodesPart | RelationshipsPart {
    const nodes = this.#nodeRows;
    const relationships = this.#relationshipRows;
    this.#nodeRows = [];
    this.#relationshipRows = [];
    const labelText = between(this.#nodes, line);
    if (labelText !== undefined && relationships.length === 0)
      return { part: 'nodes', labels: labelsOf(labelText), labelText, rows: nodes };
    const type = between(this.#relationships, line);
    if (type === undefined || nodes.length > 0) throw damagedScript('a statement ends in an unknown way');
    return { part: 'relationships', type: nameOf(type), rows: relationships };
  }
}

export function damagedScript(why: string): BackupError {
  return new BackupError(`the script is damaged: ${why}`, { kind: 'damaged' });
}

function nodeOf(reader: LiteralReader, line: string): NodeRow {
  reader.expect('{i:');
  const number = reader.count();
  return { number, ...propertiesOf(reader, line) };
}

function relationshipOf(reader: LiteralReader, line: string): RelationshipRow {
  reader.expect('{s:');
  const start = reader.count();
  reader.expect(',e:');
  const end = reader.count();
  return { start, end, ...propertiesOf(reader, line) };
}

function propertiesOf(reader: LiteralReader, line: string): { text: string; properties: Properties } {
  reader.expect(',p:');
  const from = reader.at;
  const properties = reader.properties();
  const text = line.slice(from, reader.at);
  reader.expect('}');
  return { text, properties };
}

/** The texts before and after what varies, in the last line of a statement. */
function around(statement: (varying: string) => string): readonly [string, string] {
  const [before = '', after = ''] = statement('\0').split('\0');
  return [`] ${before}`, `${after};`];
}

function between([before, after]: readonly [string, string], line: string): string | undefined {
  const fits = line.startsWith(before) && line.endsWith(after) && line.length >= before.length + after.length;
  return fits ? line.slice(before.length, line.length - after.length) : undefined;
}

const QUOTED_NAME = String.raw`\`((?:[^\`\\]|\`\`|\\u[0-9A-F]{4})+)\``;
const ONE_NAME = new RegExp(`^${QUOTED_NAME}$`);
const LABELS = new RegExp(`^(?::${QUOTED_NAME})*$`);
const EACH_LABEL = new RegExp(`:${QUOTED_NAME}`, 'g');

function labelsOf(text: string): string[] {
  if (!LABELS.test(text)) throw damagedScript('labels that are none');
  return Array.from(text.matchAll(EACH_LABEL), ([, name = '']) => unquoteName(name));
}

function nameOf(text: string): string {
  const name = ONE_NAME.exec(text)?.[1];
  if (name === undefined) throw damagedScript('a relationship type that is none');
  return unquoteName(name);
}
