import { assert, constantFrom, date, integer, property } from 'fast-check';
import { expect, test } from 'vitest';
import { type Freshness, freshness } from '../../src/policy/freshness.ts';

const HOUR = 3600;

function look(cron: string, newest: string | undefined, now: string, changes: Record<string, unknown> = {}): Freshness {
  const schedule = { service: 'postgres', type: 'daily', cron } as const;
  return freshness({ schedule, zone: 'UTC', newest, since: undefined, now, maxAgeHours: 26, ...changes });
}

test.each([
  ['a daily one, after a day and two hours', '0 2 * * *', '2026-08-16T02:00:30.000Z', '2026-08-17T04:00', 26],
  ['an hourly one, after an hour and a quarter', '0 * * * *', '2026-08-16T02:00:30.000Z', '2026-08-16T03:15', 1.25],
  ['a weekly one, after a week and 14 hours', '0 1 * * 0', '2026-08-16T01:00:30.000Z', '2026-08-23T15:00', 182],
  ['a yearly one, after a year and a day', '0 0 1 1 *', '2026-01-01T00:00:30.000Z', '2027-01-02T00:00', 366 * 24],
])('%s', (_, cron, newest, limit, hours) => {
  const before = look(cron, newest, `${limit}:00.000Z`);
  const after = look(cron, newest, `${limit}:31.000Z`);
  expect([before.stale, after.stale]).toEqual([false, true]);
  expect(after.staleAfterSeconds).toBe(hours * HOUR - 30);
});

test('a yearly one is fresh after 26 hours, and after half a year', () => {
  expect(look('0 0 1 1 *', '2026-01-01T00:00:30.000Z', '2026-01-02T03:00:00.000Z').stale).toBe(false);
  expect(look('0 0 1 1 *', '2026-01-01T00:00:30.000Z', '2026-07-01T00:00:00.000Z').stale).toBe(false);
});

test('a slot of weekdays that was missed is noticed on that day, and a weekend is none', () => {
  const weekdays = '0 2 * * 1-5';
  expect(look(weekdays, '2026-08-14T02:01:00.000Z', '2026-08-17T01:00:00.000Z').stale).toBe(false); // Friday to Monday
  expect(look(weekdays, '2026-08-17T02:01:00.000Z', '2026-08-18T04:30:00.000Z').stale).toBe(true); // since Monday
});

test('the operator says how late a daily one may be, and the others in proportion', () => {
  const at = '2026-08-17T05:00:00.000Z';
  expect(look('0 2 * * *', '2026-08-16T02:00:30.000Z', at, { maxAgeHours: 26 }).stale).toBe(true);
  expect(look('0 2 * * *', '2026-08-16T02:00:30.000Z', at, { maxAgeHours: 30 }).stale).toBe(false);
  const hourly = look('0 * * * *', '2026-08-16T02:00:00.000Z', at, { maxAgeHours: 48 });
  expect(hourly.staleAfterSeconds).toBe(2 * HOUR);
});

test('daylight saving does not make a backup stale', () => {
  const autumn = { zone: 'Europe/Berlin' }; // 25 October has 25 hours
  const taken = '2026-10-24T00:00:30.000Z';
  expect(look('0 2 * * *', taken, '2026-10-25T02:00:00.000Z', autumn).stale).toBe(false);
  expect(look('0 2 * * *', '2026-10-25T00:00:30.000Z', '2026-10-26T02:30:00.000Z', autumn).stale).toBe(false);
  expect(look('0 2 * * *', '2026-10-25T00:00:30.000Z', '2026-10-26T03:01:00.000Z', autumn).stale).toBe(true);
});

test('without a backup it goes by the scheduler: nothing is stale before its first slot, and nothing is known without', () => {
  const at = '2026-08-17T05:00:00.000Z';
  expect(look('0 2 * * *', undefined, at).stale).toBeUndefined();
  expect(look('0 2 * * *', undefined, at, { since: '2026-08-17T03:00:00.000Z' }).stale).toBe(false);
  expect(look('0 2 * * *', undefined, at, { since: '2026-08-16T20:00:00.000Z' }).stale).toBe(true);
  expect(look('0 0 30 2 *', undefined, at)).toEqual({
    next: undefined,
    stale: undefined,
    staleAfterSeconds: undefined,
  });
});

test('what is stale stays stale until there is another, and the limit is never below the interval', () => {
  const crons = ['*/5 * * * *', '0 * * * *', '0 2 * * *', '30 1 * * 0', '0 0 1 * *', '0 0 1 1 *'];
  assert(
    property(
      constantFrom(...crons),
      date({ min: new Date('2026-01-01'), max: new Date('2027-01-01'), noInvalidDate: true }),
      integer({ min: 0, max: 400 * 24 }),
      integer({ min: 1, max: 96 }),
      (cron, newest, hours, maxAgeHours) => {
        const at = (more: number): Freshness =>
          look(cron, newest.toISOString(), new Date(newest.getTime() + more * 3_600_000).toISOString(), {
            maxAgeHours,
          });
        const [now, later] = [at(hours), at(hours + 1)];
        expect(now.stale === true && later.stale === false).toBe(false);
        expect(now.staleAfterSeconds).toBe(later.staleAfterSeconds);
        expect(now.stale).toBe(hours * HOUR > (now.staleAfterSeconds ?? 0));
      },
    ),
  );
});
