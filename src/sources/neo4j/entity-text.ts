import { literal } from './literals.ts';
import { quoteName } from './names.ts';

/** The properties of an entity as text. */
export interface EntityText {
  /** All of them, each as its literal: equal for equal properties. */
  readonly canonical: string;
  /** A map of those that cypher-shell evaluates by itself, without asking the server to plan them. */
  readonly plain: string;
  /** Of the others, what their functions take: `,c:[…]`; empty for none. */
  readonly values: string;
  /** How the statement sets them: `, x.`joined`=datetime(row.c[0])`; empty for none. */
  readonly columns: string;
}

/**
 * cypher-shell evaluates maps of numbers, strings and lists itself. For a function, or a name that needs escapes
 * (which it takes as they are), the statement must say what to do with the value: one statement for many rows.
 */
export function entityText(map: Readonly<Record<string, unknown>>): EntityText {
  const keys = Object.keys(map);
  if (keys.length > 1) keys.sort();
  let all = '';
  let plain = '';
  const values: string[] = [];
  let columns = '';
  for (const key of keys) {
    const name = quoteName(key);
    const text = literal(map[key]);
    const property = `${name}:${text}`;
    all += all === '' ? property : `,${property}`;
    const call = callIn(map[key], text);
    if (call === undefined && name.length === key.length + 2) {
      plain += plain === '' ? property : `,${property}`;
    } else {
      columns += `, x.${name}=${expression(call, values.length)}`;
      values.push(call?.argument ?? text);
    }
  }
  return { canonical: `{${all}}`, plain: `{${plain}}`, values: valuesText(values), columns };
}

interface Call {
  readonly name: string;
  readonly argument: string;
  readonly isList: boolean;
}

/** Which function the value, or each element of the list, is made by. */
function callIn(value: unknown, text: string): Call | undefined {
  if (typeof value === 'string' || !text.endsWith(')')) return Array.isArray(value) ? callInList(value) : undefined;
  return { name: functionOf(text), argument: argumentOf(text), isList: false };
}

function callInList(list: readonly unknown[]): Call | undefined {
  if (typeof list[0] !== 'object' && typeof list[0] !== 'number') return undefined;
  const texts = list.map(literal);
  const first = texts.find((text) => text.endsWith(')'));
  if (first === undefined) return undefined;
  const argument = `[${texts.map((text) => (text.endsWith(')') ? argumentOf(text) : text)).join(',')}]`;
  return { name: functionOf(first), argument, isList: true };
}

function functionOf(text: string): string {
  return text.slice(0, text.indexOf('('));
}

function argumentOf(text: string): string {
  return text.slice(text.indexOf('(') + 1, -1);
}

function expression(call: Call | undefined, index: number): string {
  const value = `row.c[${index}]`;
  if (call === undefined) return value;
  return call.isList ? `[e IN ${value} | ${call.name}(e)]` : `${call.name}(${value})`;
}

function valuesText(values: readonly string[]): string {
  return values.length === 0 ? '' : `,c:[${values.join(',')}]`;
}
