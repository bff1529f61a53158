import { Integer } from 'neo4j-driver';
import { BackupError } from '../../base/errors.ts';
import { callOf, type Parts } from './literal-calls.ts';
import { unquoteName, unquoteString } from './names.ts';

/** Reads what `literals.ts` writes, and nothing else, into the driver's own types. */
export class LiteralReader {
  readonly #text: string;
  #at: number;

  constructor(text: string, at = 0) {
    this.#text = text;
    this.#at = at;
  }

  get at(): number {
    return this.#at;
  }

  /** The text from there to here. */
  since(at: number): string {
    return this.#text.slice(at, this.#at);
  }

  /** Moves past this text, or fails. */
  expect(text: string): void {
    if (!this.take(text)) this.fail(`expected ${text}`);
  }

  end(): void {
    if (this.#at !== this.#text.length) this.fail('expected the end of the line');
  }

  fail(why: string): never {
    const near = this.#text.slice(this.#at, this.#at + 20);
    throw new BackupError(`the script is damaged: ${why} at column ${this.#at + 1}, before "${near}"`, {
      kind: 'damaged',
    });
  }

  /** A whole number that JavaScript holds exactly. */
  count(): number {
    return Number(this.match(DIGITS, 'a number')[0]);
  }

  properties(): Record<string, unknown> {
    const map: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    this.expect('{');
    if (this.take('}')) return map;
    do {
      const key = unquoteName(this.match(NAME, 'a name')[1] ?? '');
      this.expect(':');
      map[key] = this.value();
    } while (this.take(','));
    this.expect('}');
    return map;
  }

  value(): unknown {
    switch (this.#text[this.#at] ?? '') {
      case "'":
        return this.#string();
      case '[':
        return this.#list(() => this.value());
      case '/':
        return this.#bytes();
      default:
        return this.#numberOrCall();
    }
  }

  /** By hand: a pattern that goes on over escapes needs a stack as long as the string. */
  #string(): string {
    const from = this.#at + 1;
    let end = this.#text.indexOf("'", from);
    while (end !== -1 && this.#isEscaped(end, from)) end = this.#text.indexOf("'", end + 1);
    if (end === -1) this.fail('expected a string');
    this.#at = end + 1;
    return unquoteString(this.#text.slice(from, end));
  }

  #isEscaped(at: number, from: number): boolean {
    let backslashes = 0;
    while (at - backslashes > from && this.#text[at - backslashes - 1] === '\\') backslashes += 1;
    return backslashes % 2 === 1;
  }

  #list(element: () => unknown): unknown[] {
    const list: unknown[] = [];
    this.expect('[');
    if (this.take(']')) return list;
    do list.push(element());
    while (this.take(','));
    this.expect(']');
    return list;
  }

  #bytes(): Int8Array {
    const buffer = Buffer.from(this.match(BYTES, 'a byte array')[1] ?? '', 'base64');
    return new Int8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  }

  #numberOrCall(): unknown {
    const word = this.#optional(WORD)?.[0];
    if (word === undefined) return this.#number();
    if (word === 'true') return true;
    if (word === 'false') return false;
    this.expect('(');
    const argument = this.argument();
    this.expect(')');
    return callOf(word, argument) ?? this.fail(`${word}() of something else than it takes`);
  }

  /** What a function takes: a text, parts by name, or a list of either; or any plain value. */
  argument(): unknown {
    if (this.#text[this.#at] === '{') return this.#parts();
    return this.#text[this.#at] === '[' ? this.#list(() => this.argument()) : this.value();
  }

  #number(): Integer | number {
    const [text, fraction] = this.match(NUMBER, 'a value');
    return fraction === undefined ? Integer.fromString(text) : Number(text);
  }

  /** The argument of a function that takes parts by name. */
  #parts(): Parts {
    const parts: Record<string, unknown> = {};
    this.expect('{');
    do {
      const key = this.match(WORD, 'the name of a part')[0];
      this.expect(':');
      parts[key] = this.value();
    } while (this.take(','));
    this.expect('}');
    return parts;
  }

  /** Moves past this text if it comes next. */
  take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  /** Moves past what a sticky pattern matches, or fails. */
  match(pattern: RegExp, what: string): RegExpExecArray {
    return this.#optional(pattern) ?? this.fail(`expected ${what}`);
  }

  #optional(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text) ?? undefined;
    this.#at += match?.[0].length ?? 0;
    return match;
  }
}

const DIGITS = /\d{1,15}/y;
const NAME = /`((?:[^`\\]|``|\\u[0-9A-F]{4})+)`/y;
const BYTES = /\/\*bytes:([A-Za-z0-9+/]*={0,2})\*\/null/y;
const WORD = /[a-zA-Z]+/y;
const NUMBER = /-?\d+((?:\.\d+)?e[+-]?\d+|\.\d+)?/y;
