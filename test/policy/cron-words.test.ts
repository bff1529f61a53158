import { Cron } from 'croner';
import { type Arbitrary, assert, constantFrom, integer, oneof, property, shuffledSubarray, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cronWords } from '../../src/policy/cron-words.ts';

describe('a schedule in words', () => {
  test.each([
    ['0 2 * * *', 'every day at 02:00'],
    ['0 1 * * 0', 'every Sunday at 01:00'],
    ['0 1 * * 7', 'every Sunday at 01:00'],
    ['0 1 * * SUN', 'every Sunday at 01:00'],
    ['0 0 1 * *', 'the 1st of every month at 00:00'],
    ['30 4 1,15 * *', 'the 1st and 15th of every month at 04:30'],
    ['0 0 29 2 *', 'the 29th of February at 00:00'],
    ['0 0 1 1,7 *', 'the 1st of January and July at 00:00'],
    ['* * * * *', 'every minute'],
    ['*/15 * * * *', 'every 15 minutes'],
    ['0 * * * *', 'every hour'],
    ['5 * * * *', 'every hour at :05'],
    ['0,30 * * * *', 'every 30 minutes'],
    ['10,40 * * * *', 'every hour at :10 and :40'],
    ['0 */6 * * *', 'every day at 00:00, 06:00, 12:00 and 18:00'],
    ['15 */2 * * *', 'every 2 hours from 00:15 to 22:15'],
    ['0 8-18 * * mon-fri', 'every hour from 08:00 to 18:00 on Monday to Friday'],
    ['*/20 8-18 * * 1,3', 'every 20 minutes from 08:00 to 18:40 on Monday and Wednesday'],
    ['0 3 * jan sat,sun', 'every Sunday and Saturday in January at 03:00'],
    ['0 3 * 6 *', 'every day in June at 03:00'],
    ['0 2,14 * * *', 'every day at 02:00 and 14:00'],
  ])('%s is %s', (cron, words) => {
    expect(cronWords(cron)).toBe(words);
  });

  test.each([
    '0 0 13 * 5',
    '0 0 1-31 * 1',
    '0 0 1 * */1',
    '*/7 * * * *',
    '3-50/7 * * * *',
    '0 0 1-20 * *',
    '',
    '5/15 * * * *',
  ])('%s is left as it is', (cron) => {
    expect(cronWords(cron)).toBeUndefined();
  });
});

/** What words mean: of the minutes of a day, and of days. */
interface Meaning {
  ofDay(minute: number): boolean;
  ofDate(date: Date): boolean;
}

const WEEKDAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');
const MONTHS = 'January February March April May June July August September October November December'.split(' ');

function numbersIn(text: string, names: readonly string[]): number[] {
  return names.flatMap((name, index) => (text.includes(name) ? [index] : []));
}

/** Reads the words as a person does: what minutes they mean. Knows nothing of cron. */
function meaningOf(words: string): Meaning {
  const times = [...words.matchAll(/\d\d:\d\d/g)].map(
    ([time]) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3)),
  );
  const past = [...words.matchAll(/(?<!\d):(\d\d)/g)].map(([, minute]) => Number(minute));
  const [, every = '1', unit] = /every (?:(\d+) )?(minute|hour)s?/.exec(words) ?? [];
  const [first = 0, last = 1439] = unit === undefined ? [] : times;
  const step = Number(every) * (unit === 'hour' ? 60 : 1);
  const ofDay = (minute: number): boolean => {
    if (unit === undefined) return times.includes(minute);
    if (past.length > 0) return past.includes(minute % 60);
    return minute >= first && minute <= last && (minute - first) % step === 0;
  };
  const dates = [...words.matchAll(/(\d+)(?:st|nd|rd|th)/g)].map(([, day]) => Number(day));
  const months = numbersIn(words, MONTHS);
  const [, from, to] = /(\w+day) to (\w+day)/.exec(words) ?? [];
  const named = numbersIn(words, WEEKDAYS);
  const isWeekday = (day: number): boolean =>
    from === undefined || to === undefined
      ? named.length === 0 || named.includes(day)
      : day >= WEEKDAYS.indexOf(from) && day <= WEEKDAYS.indexOf(to);
  const ofDate = (date: Date): boolean =>
    (dates.length === 0 || dates.includes(date.getUTCDate())) &&
    (months.length === 0 || months.includes(date.getUTCMonth())) &&
    isWeekday(date.getUTCDay());
  return { ofDay, ofDate };
}

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const HORIZON = 500 * DAY;

/** Minutes that are meant after an instant, by looking at each of every day that is meant. */
function nextMeant(words: string, after: number, most: number): string[] {
  const meaning = meaningOf(words);
  const found: string[] = [];
  for (let day = Math.floor(after / DAY) * DAY; found.length < most && day < after + HORIZON; day += DAY) {
    if (!meaning.ofDate(new Date(day))) continue;
    for (let minute = 0; minute < 1440; minute += 1)
      if (meaning.ofDay(minute) && day + minute * MINUTE > after)
        found.push(new Date(day + minute * MINUTE).toISOString());
  }
  return found.slice(0, most);
}

function field(min: number, max: number, ...usual: string[]): Arbitrary<string> {
  const all = Array.from({ length: max - min + 1 }, (_, index) => index + min);
  const value = integer({ min, max });
  const list = shuffledSubarray(all, { minLength: 1, maxLength: 4 }).map((some) => some.join(','));
  const range = tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const stepped = tuple(oneof(constantFrom('*'), range), constantFrom(1, 2, 3, 4, 5, 6)).map(
    ([of, by]) => `${of}/${by}`,
  );
  return oneof({ weight: 12, arbitrary: constantFrom('*', ...usual) }, value.map(String), list, range, stepped);
}

test('no words say anything but what the schedule does', () => {
  const crons = tuple(
    field(0, 59, '0', '*/10', '*/15', '*/20', '0,30'),
    field(0, 23, '2', '*/6', '8-18'),
    field(1, 31, '*', '*', '1'),
    field(1, 12, '*', '*', '*'),
    field(0, 7, '*', '*', '1-5', '0', '6,0'),
  ).map((all) => all.join(' '));
  const starts = integer({ min: Date.parse('2026-01-01'), max: Date.parse('2029-01-01') });
  let said = 0;
  assert(
    property(crons, starts, (cron, start) => {
      const words = cronWords(cron);
      if (words === undefined) return;
      said += 1;
      const after = Math.floor(start / MINUTE) * MINUTE;
      const runs = new Cron(cron, { timezone: 'UTC', paused: true }).nextRuns(12, new Date(after));
      const expected = runs.map((each) => each.toISOString()).filter((each) => Date.parse(each) < after + HORIZON);
      expect({ cron, words, next: nextMeant(words, after, 12).slice(0, expected.length) }).toEqual({
        cron,
        words,
        next: expected,
      });
    }),
    { numRuns: 1000 },
  );
  expect(said).toBeGreaterThan(300);
});
