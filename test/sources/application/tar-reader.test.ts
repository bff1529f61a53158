import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { array, assert, integer, property } from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Entry, entryLine } from '../../../src/sources/application/entry.ts';
import { EntryGuard } from '../../../src/sources/application/guard.ts';
import { nanoseconds, parsePax } from '../../../src/sources/application/tar-header.ts';
import { TarReader } from '../../../src/sources/application/tar-reader.ts';
import { walkTree } from '../../../src/sources/application/walk.ts';
import { makeNastyTree } from './nasty.ts';

let directory: string;
let archive: Buffer;

beforeAll(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'pbs-tar-'));
  makeNastyTree(path.join(directory, 'tree'));
  const unread = '--pax-option=delete=atime,delete=ctime'; // of all that a tar says, these alone nobody would miss
  const args = ['-c', '--format=posix', unread, '--sparse', '--numeric-owner', '--sort=name', '-C', directory, 'tree'];
  archive = execFileSync('tar', args, { maxBuffer: 1 << 28 });
});

afterAll(() => rmSync(directory, { recursive: true }));

test('a tar says the same as the disk, entry by entry', async () => {
  const listed: string[] = [];
  const signal = new AbortController().signal;
  for await (const entry of walkTree(path.join(directory, 'tree'), 'tree', signal, () => undefined))
    listed.push(entryLine(entry));
  expect(read(archive, () => archive.length)).toEqual(listed);
});

test('chunks of any size give the same entries', () => {
  const whole = read(archive, () => archive.length);
  for (const size of [511, 512, 513, 10_240]) expect(read(archive, () => size)).toEqual(whole);
  const sizes = array(integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 20 });
  assert(
    property(sizes, (some) => {
      let at = 0;
      expect(read(archive, () => some[at++ % some.length] ?? 1)).toEqual(whole);
    }),
    { numRuns: 20 },
  );
});

test('every kind of cut is found', () => {
  for (const length of [0, 1, 511, 512, 1024, archive.length >> 1, archive.length - 10_240])
    expect(() => read(archive.subarray(0, length), () => 4096)).toThrow(/damaged/);
});

test('a flipped bit is found, or changes a line', () => {
  const whole = read(archive, () => archive.length).join('\n');
  // Zeros may be padding, which says nothing; of blanks only one bit tells them from zeros.
  const places = [...archive.keys()].filter((at) => archive[at] !== 0 && archive[at] !== 0x20);
  assert(
    property(integer({ min: 0, max: places.length - 1 }), integer({ min: 0, max: 7 }), (index, bit) => {
      const at = places[index] ?? 0;
      const flipped = Buffer.from(archive);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
      expect(outcome(flipped)).not.toBe(whole);
    }),
    { numRuns: 40 },
  );
});

test('times before 1970 and with any number of digits are read to the nanosecond', () => {
  expect(nanoseconds('1700000000.25')).toBe(1_700_000_000_250_000_000n);
  expect(nanoseconds('-157766399.5')).toBe(-157_766_399_500_000_000n);
  expect(nanoseconds('0')).toBe(0n);
  expect(() => nanoseconds('soon')).toThrow(/damaged/);
});

test('an extended header that lies about its length is refused', () => {
  expect(parsePax(Buffer.from('12 path=abc\n')).get('path')?.toString()).toBe('abc');
  for (const lie of ['99 path=abc\n', '5 path=abc\n', '0 path=abc\n', 'x path=abc\n', '12 pathabcd\n'])
    expect(() => parsePax(Buffer.from(lie))).toThrow(/damaged/);
});

test('only entries that an honest capture makes are let through', () => {
  const honest = [directoryEntry('a'), directoryEntry('a/b'), fileEntry('a/b/c'), fileEntry('a/d')];
  expect(() => check(honest)).not.toThrow();
  const attacks: Entry[][] = [
    [fileEntry('/etc/passwd')],
    [directoryEntry('a'), fileEntry('a/../b')],
    [directoryEntry('a'), fileEntry('a/./b')],
    [directoryEntry('other')],
    [fileEntry('a')],
    [fileEntry('a/b')],
    [
      directoryEntry('a'),
      { ...fileEntry('a/link'), type: 'symlink', target: Buffer.from('/etc') },
      fileEntry('a/link/x'),
    ],
    [directoryEntry('a'), { ...fileEntry('a/hard'), type: 'hardlink', target: Buffer.from('../../etc/passwd') }],
    [directoryEntry('a'), { ...fileEntry('a/hard'), type: 'hardlink', target: Buffer.from('/etc/passwd') }],
    [directoryEntry('a'), directoryEntry('a')],
  ];
  for (const attack of attacks) expect(() => check(attack)).toThrow(/not one of ours/);
});

function check(entries: readonly Entry[]): void {
  const guard = new EntryGuard(['a']);
  for (const entry of entries) guard.check(entry);
}

function directoryEntry(name: string): Entry {
  return { ...fileEntry(name), type: 'directory' };
}

function fileEntry(name: string): Entry {
  return { path: Buffer.from(name), type: 'file', mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0n };
}

function read(bytes: Buffer, nextSize: () => number): string[] {
  const lines: string[] = [];
  const reader = new TarReader({ ended: (entry) => void lines.push(entryLine(entry)) });
  for (let at = 0; at < bytes.length;) {
    const size = nextSize();
    reader.push(bytes.subarray(at, at + size));
    at += size;
  }
  reader.finish();
  return lines;
}

function outcome(bytes: Buffer): string {
  try {
    return read(bytes, () => bytes.length).join('\n');
  } catch (error) {
    return String(error);
  }
}
