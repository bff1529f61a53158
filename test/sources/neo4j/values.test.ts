import { Readable } from 'node:stream';
import {
  array,
  assert,
  asyncProperty,
  bigInt,
  boolean,
  constantFrom,
  dictionary,
  double,
  int8Array,
  integer,
  oneof,
  property,
  string,
  tuple,
} from 'fast-check';
import neo4j from 'neo4j-driver';
import { expect, test } from 'vitest';
import { EVERY_VALUE } from '../../../platform/data/neo4j/values.ts';
import { dateOfDays, daysOfDate } from '../../../src/sources/neo4j/calendar.ts';
import { entityText } from '../../../src/sources/neo4j/entity-text.ts';
import { literal, properties } from '../../../src/sources/neo4j/literals.ts';
import { quoteName, quoteString, unquoteName, unquoteString } from '../../../src/sources/neo4j/names.ts';
import { LiteralReader } from '../../../src/sources/neo4j/parse-literals.ts';
import { readScript } from '../../../src/sources/neo4j/script-reader.ts';
import { ScriptWriter } from '../../../src/sources/neo4j/script-writer.ts';

const { Date, DateTime, Duration, LocalDateTime, LocalTime, Point, Time } = neo4j.types;
const int64 = bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => neo4j.int(value));
const within = (min: number, max: number) => integer({ min, max }).map((value) => neo4j.int(value));
const day = [within(-999_999_999, 999_999_999), within(1, 12), within(1, 28)] as const;
const clock = [within(0, 23), within(0, 59), within(0, 59), within(0, 999_999_999)] as const;
const offset = within(-64_800, 64_800);
const zone = constantFrom('Europe/Berlin', 'UTC', 'Asia/Kolkata');

const scalars = [
  boolean(),
  int64,
  double(),
  string({ unit: 'binary' }),
  tuple(...day).map((fields) => new Date(...fields)),
  tuple(...clock).map((fields) => new LocalTime(...fields)),
  tuple(...clock, offset).map((fields) => new Time(...fields)),
  tuple(...day, ...clock).map((fields) => new LocalDateTime(...fields)),
  tuple(...day, ...clock, offset).map((fields) => new DateTime(...fields)),
  tuple(...day, ...clock, offset, zone).map((fields) => new DateTime(...fields)),
  tuple(int64, int64, int64, within(0, 999_999_999)).map((fields) => new Duration(...fields)),
  tuple(double(), double()).map(([x, y]) => new Point(neo4j.int(7203), x, y)),
  tuple(double(), double(), double()).map(([x, y, z]) => new Point(neo4j.int(4979), x, y, z)),
];
// A list holds values of one type.
const value = oneof(...scalars, ...scalars.map((each) => array<unknown>(each)), int8Array());
const map = dictionary(string({ unit: 'binary', minLength: 1 }), value, { noNullPrototype: false });

test('whatever is written is read back, and written the same way again', () => {
  assert(
    property(map, (written) => {
      const text = properties(written);
      expect(text).not.toContain('\n');
      const reader = new LiteralReader(text);
      expect(properties(reader.properties())).toBe(text);
      reader.end();
    }),
    { numRuns: 2000 },
  );
});

/** The platform's values have bigint for integers, and so have its temporal values for their parts. */
function withIntegers(given: unknown): unknown {
  if (typeof given === 'bigint') return neo4j.int(given);
  if (Array.isArray(given)) return given.map(withIntegers);
  if (typeof given !== 'object' || given === null || given instanceof Int8Array) return given;
  const parts = Object.entries(given).map(([key, part]) => [key, withIntegers(part)]);
  return Object.assign(Object.create(Object.getPrototypeOf(given) as object) as object, Object.fromEntries(parts));
}

test('whatever a row and its statement hold is read back from a script', async () => {
  await assert(
    asyncProperty(map, async (written) => {
      const names = { label: 'l', property: 'p', constraint: 'c' };
      const writer = new ScriptWriter(names);
      writer.node(7, ':`A`', entityText(written));
      writer.endNodes();
      writer.relationship(7, 7, 'T', entityText(written));
      const text = writer.end([], { nodes: 1, relationships: 1 });
      const parts = await Array.fromAsync(readScript(Readable.from([Buffer.from(text)])));
      const texts = parts.flatMap((part) => ('rows' in part ? part.rows.map((row) => row.text) : []));
      expect(texts).toEqual([properties(written), properties(written)]);
    }),
    { numRuns: 1000 },
  );
});

test('a string of any length is read back', () => {
  for (const [unit, times] of [
    ['x', 12_000_000],
    ["'", 100_000],
    ['\\', 100_001],
  ] as const) {
    const reader = new LiteralReader(quoteString(unit.repeat(times)));
    expect(reader.value() === unit.repeat(times)).toBe(true);
    reader.end();
  }
});

test('values that differ have texts that differ', () => {
  const texts = Object.values(EVERY_VALUE).flatMap((values) =>
    Object.values(values).map((each) => literal(withIntegers(each))),
  );
  expect(new Set(texts).size).toBe(texts.length);
  expect(literal(-0)).not.toBe(literal(0));
  expect(literal(1)).not.toBe(literal(neo4j.int(1)));
  expect(literal([])).not.toBe(literal(new Int8Array(0)));
});

test('the order of keys does not matter', () => {
  expect(properties({ b: true, a: 'x' })).toBe(properties({ a: 'x', b: true }));
});

test('strings and names of any kind survive their quotes', () => {
  assert(
    property(string({ unit: 'binary', minLength: 1 }), (text) => {
      expect(unquoteString(quoteString(text).slice(1, -1))).toBe(text);
      expect(unquoteName(quoteName(text).slice(1, -1))).toBe(text);
    }),
    { numRuns: 2000 },
  );
});

test('days and dates are each other', () => {
  assert(
    property(integer({ min: -365_243_219_162, max: 365_241_780_471 }), (days) => {
      const { year, month, day: dayOfMonth } = dateOfDays(days);
      expect(daysOfDate(year, month, dayOfMonth)).toBe(days);
    }),
  );
  expect(dateOfDays(0)).toEqual({ year: 1970, month: 1, day: 1 });
  expect(dateOfDays(11_016)).toEqual({ year: 2000, month: 2, day: 29 });
  expect(dateOfDays(-719_528)).toEqual({ year: 0, month: 1, day: 1 });
});

test.each([
  "{`a`:date('2020-1-01')}",
  "{`a`:time('10:00:00')}",
  '{`a`:point({srid:7203,x:1.0})}',
  '{`a`:evil()}',
  "{`a`:duration('P1D')}",
  '{`a`:null}',
  '{`a`:1',
  '{a:1}',
  "{`a`:'x}",
  '{`a`:[1,}',
  '{`a`:/*bytes:!*/null}',
])('%s is refused', (text) => {
  expect(() => new LiteralReader(text).properties()).toThrow('damaged');
});
