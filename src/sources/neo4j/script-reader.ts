import { createHash } from 'node:crypto';
import { BackupError } from '../../base/errors.ts';
import { linesOf } from './lines.ts';
import type { SchemaItem } from './schema.ts';
import {
  AWAIT_INDEXES,
  BEGIN,
  COMMIT,
  END_PREFIX,
  FIRST_LINE,
  footer,
  header,
  IMPORT_PREFIX,
  type ImportNames,
  SCHEMA_PREFIX,
  type ScriptEnd,
  ROWS_HEAD,
} from './script-format.ts';
import { damagedScript, type NodesPart, type RelationshipsPart, RowsReader } from './script-rows.ts';

export interface NamesPart {
  readonly part: 'names';
  readonly names: ImportNames;
}

/** A statement, and the constraint or index it makes; undefined where it drops one. */
export interface SchemaPart {
  readonly part: 'schema';
  readonly statement: string;
  readonly item: SchemaItem | undefined;
}

/** In the order of a script: names, nodes, relationships, schema. */
export type ScriptPart = NamesPart | NodesPart | RelationshipsPart | SchemaPart;

/**
 * Reads a whole script with bounded memory. Accepts exactly what `ScriptWriter` writes; anything else, and a script
 * that does not reach its last line or does not hold what that promises, is damaged.
 */
export async function* readScript(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ScriptPart, void, undefined> {
  const parser = new ScriptParser();
  for await (const lines of linesOf(chunks)) {
    for (const line of lines) {
      const part = parser.line(line);
      if (part !== undefined) yield part;
    }
  }
  parser.end();
}

/** Takes the line; says what reads the next one. */
type State = (line: string) => ScriptPart | undefined;

class ScriptParser {
  #state: State = (line) => this.#first(line);
  #number = 0;
  #names: ImportNames = { label: '', property: '', constraint: '' };
  #rows = new RowsReader(this.#names);
  #item: SchemaItem | undefined;
  readonly #hash = createHash('sha256');
  #nodes = 0;
  #relationships = 0;
  #ended = false;

  line(line: string): ScriptPart | undefined {
    this.#number += 1;
    try {
      const part = this.#state(line);
      this.#hash.update(line).update('\n');
      return part;
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
      throw new BackupError(`${error.message} (line ${this.#number})`, { kind: error.kind, cause: error });
    }
  }

  end(): void {
    if (!this.#ended) throw damagedScript(`it ends at line ${this.#number}, before its end`);
  }

  #first(line: string): undefined {
    if (line !== FIRST_LINE) {
      const isOurs = /^\d+$/.test(line.slice(NUMBERLESS.length)) && line.startsWith(NUMBERLESS);
      if (!isOurs) throw damagedScript('it does not begin as an export of ours');
      throw new BackupError('the script was written by a newer version', { kind: 'newer-format' });
    }
    this.#state = (next) => this.#header(next);
  }

  #header(line: string): NamesPart | undefined {
    if (!line.startsWith(IMPORT_PREFIX)) {
      if (this.#number > 4 || !line.startsWith('// ')) throw damagedScript('its names are missing');
      return undefined;
    }
    this.#names = namesOf(parsed(line, IMPORT_PREFIX));
    this.#rows = new RowsReader(this.#names);
    const lines = header(this.#names);
    this.#fixed(lines.slice(lines.indexOf(line) + 1), (next) => this.#body(next));
    return { part: 'names', names: this.#names };
  }

  /** Lines that must come as they are, one after the other; then goes on with another state. */
  #fixed(lines: readonly string[], then: State): void {
    const [expected, ...others] = lines;
    this.#state = (line) => {
      if (line !== expected) throw damagedScript(`expected ${expected ?? 'nothing'}`);
      if (others.length === 0) this.#state = then;
      else this.#fixed(others, then);
      return undefined;
    };
  }

  #body(line: string): undefined {
    const [afterBody = '', ...others] = footer(this.#names);
    if (line.startsWith(ROWS_HEAD)) this.#state = (next) => this.#statement(line, next);
    else if (line === afterBody) this.#fixed(others, (next) => this.#schema(next));
    else if (line !== BEGIN && line !== COMMIT) throw damagedScript('an unknown statement');
  }

  #statement(rows: string, line: string): NodesPart | RelationshipsPart {
    const part = this.#rows.read(rows, line);
    if (part.part === 'nodes') this.#nodes += part.rows.length;
    else this.#relationships += part.rows.length;
    this.#state = (next) => this.#body(next);
    return part;
  }

  #schema(line: string): SchemaPart | undefined {
    if (line === `${AWAIT_INDEXES};`) {
      this.#state = (next) => this.#last(next);
      return undefined;
    }
    if (line.startsWith(SCHEMA_PREFIX)) {
      this.#item = itemOf(parsed(line, SCHEMA_PREFIX));
      return undefined;
    }
    if (!/^(?:CREATE|DROP INDEX) .*;$/.test(line)) throw damagedScript('an unknown statement of the schema');
    const part: SchemaPart = { part: 'schema', statement: line.slice(0, -1), item: this.#item };
    this.#item = undefined;
    return part;
  }

  #last(line: string): undefined {
    const { nodes, relationships, sha256 } = parsed(line, END_PREFIX) as Partial<ScriptEnd>;
    if (sha256 !== this.#hash.copy().digest('hex')) throw damagedScript('it is not what was written');
    if (nodes !== this.#nodes || relationships !== this.#relationships)
      throw damagedScript(
        `it promises ${nodes} nodes and ${relationships} relationships and holds ${this.#nodes} and ${this.#relationships}`,
      );
    this.#ended = true;
    this.#state = () => {
      throw damagedScript('it goes on after its end');
    };
  }
}

const NUMBERLESS = FIRST_LINE.replace(/\d+$/, '');

function namesOf(value: Fields): ImportNames {
  const { label, property, constraint } = value;
  if (typeof label !== 'string' || typeof property !== 'string' || typeof constraint !== 'string')
    throw damagedScript('its names are none');
  return { label, property, constraint };
}

function itemOf(value: Fields): SchemaItem {
  const { kind, type } = value;
  if ((kind !== 'constraint' && kind !== 'index') || typeof type !== 'string')
    throw damagedScript('a constraint or index that is none');
  return value as unknown as SchemaItem; // compared as a whole, by its digest
}

type Fields = Readonly<Record<string, unknown>>;

function parsed(line: string, prefix: string): Fields {
  if (!line.startsWith(prefix)) throw damagedScript(`expected ${prefix}`);
  try {
    return Object(JSON.parse(line.slice(prefix.length))) as Fields;
  } catch {
    throw damagedScript('a comment that is no JSON');
  }
}
