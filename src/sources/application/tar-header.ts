import { BackupError } from '../../base/errors.ts';
import type { EntryType } from './entry.ts';

export const BLOCK = 512;

/** The records of a pax extended header by keyword; values are bytes (POSIX.1-2017, pax, "Extended Header"). */
export type PaxRecords = ReadonlyMap<string, Buffer>;

/** What one header block says, before extended records change it. */
export interface TarHeader {
  readonly name: Buffer;
  readonly typeflag: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds. */
  readonly mtime: number;
  readonly linkname: Buffer;
}

export function damagedTar(what: string): BackupError {
  return new BackupError(`the tar is damaged: ${what}`, { kind: 'damaged' });
}

/** Parses a ustar header; fails with kind `damaged` when its checksum does not match. */
export function parseHeader(block: Buffer): TarHeader {
  if (checksum(block) !== number(block, 148, 8)) throw damagedTar('the checksum of a header does not match');
  if (block.toString('latin1', 257, 262) !== 'ustar') throw damagedTar('a header is not of the POSIX format');
  const prefix = string(block, 345, 155);
  const name = string(block, 0, 100);
  return {
    name: prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name]),
    typeflag: block.toString('latin1', 156, 157),
    mode: number(block, 100, 8),
    uid: number(block, 108, 8),
    gid: number(block, 116, 8),
    size: number(block, 124, 12),
    mtime: number(block, 136, 12),
    linkname: string(block, 157, 100),
  };
}

/** The sum of all bytes, with the checksum's own taken as spaces. */
function checksum(block: Buffer): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < BLOCK; at += 1) if (at < 148 || at >= 156) sum += block[at] ?? 0;
  return sum;
}

function string(block: Buffer, at: number, length: number): Buffer {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return Buffer.from(end === -1 ? field : field.subarray(0, end));
}

/** Octal digits, or GNU's big-endian binary where the first bit is set. */
function number(block: Buffer, at: number, length: number): number {
  if (((block[at] ?? 0) & 0x80) !== 0) {
    const bytes = Buffer.from(block.subarray(at, at + length));
    bytes[0] = (bytes[0] ?? 0) & 0x7f;
    return Number(BigInt(`0x${bytes.toString('hex')}`));
  }
  const digits = block
    .toString('latin1', at, at + length)
    .replace(/[\0 ]+$/, '')
    .trim();
  if (!/^[0-7]*$/.test(digits)) throw damagedTar('a number in a header is not octal');
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

/** Parses `length keyword=value\n` records. */
export function parsePax(data: Buffer): Map<string, Buffer> {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < data.length;) {
    const space = data.indexOf(0x20, at);
    const length = Number(data.toString('latin1', at, space));
    const end = at + length;
    const equals = data.indexOf(0x3d, space);
    if (space === -1 || !(length > 0) || end > data.length || equals === -1 || data[end - 1] !== 0x0a)
      throw damagedTar('an extended header cannot be read');
    records.set(data.toString('utf8', space + 1, equals), Buffer.from(data.subarray(equals + 1, end - 1)));
    at = end;
  }
  return records;
}

const TYPES: Readonly<Record<string, EntryType>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'device',
  '4': 'device',
  '5': 'directory',
  '6': 'fifo',
};

export function entryType(typeflag: string): EntryType {
  const type = TYPES[typeflag];
  if (type === undefined) throw damagedTar(`an entry has the unknown type ${JSON.stringify(typeflag)}`);
  return type;
}

/** `1700000000.25`, negative ones too, as nanoseconds. */
export function nanoseconds(text: string): bigint {
  const [, sign = '', seconds = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (seconds === '') throw damagedTar(`a time of ${JSON.stringify(text)}`);
  const value = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  return sign === '-' ? -value : value;
}
