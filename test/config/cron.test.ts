import { Cron } from 'croner';
import { type Arbitrary, array, assert, constantFrom, integer, oneof, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';
import { isCron } from '../../src/config/cron.ts';

test.each(['0 2 * * *', '*/5 * * * *', '0 0 1 jan sun', '0,30 8-18 * * 1-5', '59 23 31 12 7', '0 0-12/2 * * mon,wed'])(
  '%s is a schedule',
  (text) => {
    expect(isCron(text)).toBe(true);
  },
);

test.each([
  '',
  '* * * *',
  '* * * * * *',
  '60 * * * *',
  '* 24 * * *',
  '* * 0 * *',
  '* * * 13 *',
  '* * * * 8',
  '5-1 * * * *',
  '*/0 * * * *',
  '@daily',
  'a * * * *',
  '1- * * * *',
  '1-2-3 * * * *',
  ', * * * *',
  '5/15 * * * *',
  '* */25 * * *',
  '* * * * */8',
])('"%s" is none', (text) => {
  expect(isCron(text)).toBe(false);
});

/** Fields as people write them, and as they mistype them. */
function fieldText(min: number, max: number, ...names: string[]): Arbitrary<string> {
  const number = integer({ min, max: max + 1 }).map(String);
  const value = names.length === 0 ? number : oneof(number, constantFrom(...names));
  const range = oneof(
    constantFrom('*'),
    value,
    tuple(value, value).map(([from, to]) => `${from}-${to}`),
  );
  const stepped = tuple(range, integer({ min: 0, max: 99 })).map(([of, step]) => `${of}/${step}`);
  return array(oneof(range, stepped), { minLength: 1, maxLength: 3 }).map((parts) => parts.join(','));
}

function isKnown(text: string): boolean {
  try {
    new Cron(text, { paused: true }).stop();
    return true;
  } catch {
    return false;
  }
}

test('what is a schedule to us is one to the library that finds its slots', () => {
  const fields = tuple(
    fieldText(0, 59),
    fieldText(0, 23),
    fieldText(1, 31),
    fieldText(1, 12, 'jan', 'DEC', 'Feb'),
    fieldText(0, 7, 'sun', 'SAT', 'Fri'),
  ).map((all) => all.join(' '));
  assert(
    property(fields, (text) => {
      expect({ text, bad: isCron(text) && !isKnown(text) }).toEqual({ text, bad: false });
    }),
    { numRuns: 3000 },
  );
});
