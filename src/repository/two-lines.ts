import { timingSafeEqual } from 'node:crypto';
import { BackupError } from '../base/errors.ts';
import { hmac } from '../pipeline/keys.ts';

/** `{"<name>":`body`,` LF `"envelope":`envelope`}` LF: one file, readable by eye, its body authenticated as bytes. */
export interface TwoLines {
  readonly body: Buffer;
  readonly envelope: Readonly<Record<string, unknown>>;
}

const LF = 10;
const COMMA = 44;

export function writeTwoLines(name: string, body: Buffer, envelope: object): Buffer {
  return Buffer.concat([Buffer.from(`{"${name}":`), body, Buffer.from(`,\n"envelope":${JSON.stringify(envelope)}}\n`)]);
}

/** Splits without parsing the body. Fails with kind `damaged`. `what` names the file in errors. */
export function readTwoLines(name: string, bytes: Buffer, what: string): TwoLines {
  const start = `{"${name}":`;
  const end = bytes.indexOf(LF);
  const first = bytes.subarray(0, Math.max(end, 0)); // may be megabytes: looked at where it lies
  const second = bytes.subarray(end + 1).toString('latin1');
  const wellFormed =
    first.toString('latin1', 0, start.length) === start &&
    first.at(-1) === COMMA &&
    second.startsWith('"envelope":') &&
    second.endsWith('}\n');
  if (!wellFormed) throw damagedFile(what, 'is not in its two-line form');
  const body = bytes.subarray(start.length, end - 1);
  return { body, envelope: readEnvelope(second.slice('"envelope":'.length, -2), what) };
}

/** The envelope is not authenticated itself: it may hold these fields, in hex, and nothing else. */
function readEnvelope(text: string, what: string): Readonly<Record<string, unknown>> {
  let envelope: unknown;
  try {
    envelope = JSON.parse(text);
  } catch (cause) {
    throw damagedFile(what, 'has an unreadable envelope', cause);
  }
  if (typeof envelope !== 'object' || envelope === null || Array.isArray(envelope))
    throw damagedFile(what, 'has an unreadable envelope');
  return envelope as Readonly<Record<string, unknown>>;
}

/** Checks the format number and that exactly these fields are there, each hex of its length in bytes. */
export function checkEnvelope<Name extends string>(
  envelope: Readonly<Record<string, unknown>>,
  fields: Readonly<Record<Name, number>>,
  what: string,
): Record<Name, string> {
  const unknown = Object.keys(envelope).find((key) => key !== 'format' && !Object.hasOwn(fields, key));
  if (envelope['format'] !== 1 || unknown !== undefined) throw newerFormat(what);
  const bad = Object.entries<number>(fields).find(([key, bytes]) => !isHex(envelope[key], bytes));
  if (bad !== undefined) throw damagedFile(what, `has no good "${bad[0]}" in its envelope`);
  return envelope as Record<Name, string>;
}

function isHex(value: unknown, bytes: number): boolean {
  return typeof value === 'string' && value.length === bytes * 2 && /^[0-9a-f]*$/.test(value);
}

/** HMAC-SHA256 over a purpose, a line feed, and bytes. */
export function mac(key: Uint8Array, purpose: string, bytes: Uint8Array): Buffer {
  return hmac(key, `PBS1 ${purpose}\n`, bytes);
}

/** Compares in constant time. */
export function isMac(hex: string, expected: Buffer): boolean {
  const given = Buffer.from(hex, 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

export function damagedFile(what: string, how: string, cause?: unknown): BackupError {
  return new BackupError(`${what} ${how}`, {
    kind: 'damaged',
    hint: 'choose another backup, or restore this file from a replica',
    cause,
  });
}

export function newerFormat(what: string): BackupError {
  return new BackupError(`${what} was made by a newer version`, {
    kind: 'newer-format',
    hint: 'use the version that made it, or a newer one',
  });
}
