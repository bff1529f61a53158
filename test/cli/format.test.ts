import { expect, test } from 'vitest';
import { count, formatBytes, formatInstant, formatSeconds, formatTable } from '../../src/cli/format.ts';

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1_048_524, '1023.9 KiB'],
  [1_048_575, '1.0 MiB'],
  [1_610_612_736, '1.5 GiB'],
])('%i bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0, '0.0 s'],
  [9.94, '9.9 s'],
  [9.96, '10 s'],
  [59.6, '1 min 00 s'],
  [185, '3 min 05 s'],
  [3600, '1 h 00 min'],
  [90_000, '1 d 01 h'],
])('%f seconds are %s', (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});

test('an instant names its zone', () => {
  expect(formatInstant('2026-08-16T02:00:00.123Z')).toBe('2026-08-16 02:00:00 UTC');
});

test('a table aligns its columns and leaves no blanks at the end of a line', () => {
  const rows = [
    { name: 'a', bytes: '1 B' },
    { name: 'long name', bytes: '10.0 MiB' },
  ];
  const table = formatTable(rows, [
    { title: 'NAME', of: (row) => row.name },
    { title: 'SIZE', of: (row) => row.bytes, align: 'right' },
  ]);
  expect(table.split('\n')).toEqual(['NAME           SIZE', 'a               1 B', 'long name  10.0 MiB']);
});

test('a noun follows its number', () => {
  expect([count(0, 'backup'), count(1, 'backup'), count(2, 'backup')]).toEqual(['0 backups', '1 backup', '2 backups']);
});
