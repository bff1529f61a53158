import { BackupError } from '../../base/errors.ts';
import { properties } from './literals.ts';
import { unquoteName } from './names.ts';
import { callOf } from './literal-calls.ts';
import { LiteralReader } from './parse-literals.ts';
import { createNodes, createRelationships, type ImportNames, ROWS_HEAD } from './script-format.ts';

type Properties = Readonly<Record<string, unknown>>;

export interface NodeRow {
  readonly number: number;
  /** The properties' canonical text: what digests are made of. */
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

/** Reads a statement and the line of rows before it. */
export class RowsReader {
  readonly #nodes: readonly [string, string];
  readonly #relationships: readonly [string, string];

  constructor(names: ImportNames) {
    this.#nodes = around((labels) => createNodes(names, labels));
    this.#relationships = around((type) => createRelationships(names, type));
  }

  read(rows: string, statement: string): NodesPart | RelationshipsPart {
    const nodes = between(this.#nodes, LABELS, statement);
    if (nodes !== undefined) {
      const [labelText, columns] = nodes;
      const part = { part: 'nodes', labels: labelsOf(labelText), labelText } as const;
      return { ...part, rows: rowsOf(rows, columnsOf(columns), nodeOf) };
    }
    const relationships = between(this.#relationships, ONE_NAME, statement);
    if (relationships === undefined) throw damagedScript('an unknown statement');
    const [type, columns] = relationships;
    return {
      part: 'relationships',
      type: unquoteName(type.slice(1, -1)),
      rows: rowsOf(rows, columnsOf(columns), relationshipOf),
    };
  }
}

export function damagedScript(why: string): BackupError {
  return new BackupError(`the script is damaged: ${why}`, { kind: 'damaged' });
}

/** A property that the statement makes of a value of the row. */
interface Column {
  readonly key: string;
  /** The function it is made by; undefined where it is the value itself. */
  readonly call: string | undefined;
  readonly isList: boolean;
}

function rowsOf<Row>(line: string, columns: readonly Column[], rowOf: RowOf<Row>): Row[] {
  const reader = new LiteralReader(line);
  const rows: Row[] = [];
  reader.expect(ROWS_HEAD);
  do rows.push(rowOf(reader, columns));
  while (reader.take(','));
  reader.expect(']');
  reader.end();
  return rows;
}

type RowOf<Row> = (reader: LiteralReader, columns: readonly Column[]) => Row;

function nodeOf(reader: LiteralReader, columns: readonly Column[]): NodeRow {
  reader.expect('{i:');
  return { number: reader.count(), ...propertiesOf(reader, columns) };
}

function relationshipOf(reader: LiteralReader, columns: readonly Column[]): RelationshipRow {
  reader.expect('{s:');
  const start = reader.count();
  reader.expect(',e:');
  return { start, end: reader.count(), ...propertiesOf(reader, columns) };
}

function propertiesOf(reader: LiteralReader, columns: readonly Column[]): { text: string; properties: Properties } {
  reader.expect(',p:');
  const from = reader.at;
  const map = reader.properties();
  const plain = reader.since(from);
  if (columns.length > 0) {
    reader.expect(',c:');
    const values = reader.argument();
    if (!Array.isArray(values) || values.length !== columns.length) reader.fail('too few or too many values');
    columns.forEach((column, index) => (map[column.key] = valueOf(column, values[index], reader)));
  }
  reader.expect('}');
  return { text: columns.length === 0 ? plain : properties(map), properties: map };
}

function valueOf({ call, isList }: Column, value: unknown, reader: LiteralReader): unknown {
  if (call === undefined) return value;
  const made = (argument: unknown): unknown =>
    callOf(call, argument) ?? reader.fail(`${call}() of something else than it takes`);
  if (!isList) return made(value);
  return Array.isArray(value) ? value.map(made) : reader.fail('expected a list');
}

/** The texts before and after what varies, up to the columns. */
function around(statement: (varying: string) => string): readonly [string, string] {
  const [before = '', after = ''] = statement('\0').split('\0');
  return [before, after];
}

/** What varies, which is quoted names, and the columns. */
function between(
  [before, after]: readonly [string, string],
  varying: RegExp,
  line: string,
): [string, string] | undefined {
  if (!line.startsWith(before) || !line.endsWith(';')) return undefined;
  varying.lastIndex = before.length; // a search for what comes after could find it within a name
  const text = varying.exec(line)?.[0];
  const end = before.length + (text?.length ?? 0);
  if (text === undefined || !line.startsWith(after, end)) return undefined;
  return [text, line.slice(end + after.length, -1)];
}

const QUOTED_NAME = String.raw`\`((?:[^\`\\]|\`\`|\\u[0-9A-F]{4})+)\``;
const ONE_NAME = new RegExp(QUOTED_NAME, 'y');
const LABELS = new RegExp(`(?::${QUOTED_NAME})*`, 'y');
const EACH_LABEL = new RegExp(`:${QUOTED_NAME}`, 'g');
const COLUMN = new RegExp(
  String.raw`, x\.${QUOTED_NAME}=(?:\[e IN row\.c\[(\d+)\] \| ([a-zA-Z]+)\(e\)\]|([a-zA-Z]+)\(row\.c\[(\d+)\]\)|row\.c\[(\d+)\])`,
  'y',
);

function columnsOf(text: string): Column[] {
  const reader = new LiteralReader(text);
  const columns: Column[] = [];
  while (reader.at < text.length) {
    const [, name = '', ofList, listCall, call, ofCall, ofValue] = reader.match(COLUMN, 'a column');
    if (Number(ofList ?? ofCall ?? ofValue) !== columns.length) reader.fail('columns are in disorder');
    columns.push({ key: unquoteName(name), call: listCall ?? call, isList: listCall !== undefined });
  }
  return columns;
}

function labelsOf(text: string): string[] {
  return Array.from(text.matchAll(EACH_LABEL), ([, name = '']) => unquoteName(name));
}
