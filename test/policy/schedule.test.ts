import { describe, expect, test } from 'vitest';
import { dueTurn, isFarAhead, MOST_MISSED, nextSlot, type Schedule } from '../../src/policy/schedule.ts';

const ZONE = 'Europe/Berlin';
const at = (cron: string): Schedule => ({ service: 'redis', type: 'daily', cron });
const daily = at('30 2 * * *');

/** Every slot that a loop finds which looks every ten minutes, from one instant to another. */
function slotsFound(schedule: Schedule, from: string, to: string): string[] {
  const found: string[] = [];
  let since = from;
  for (let now = Date.parse(from); now <= Date.parse(to); now += 600_000) {
    const turn = dueTurn(schedule, since, new Date(now).toISOString(), ZONE);
    if (turn === undefined) continue;
    expect(turn.missed).toBe(0);
    found.push(turn.slot);
    since = turn.slot;
  }
  return found;
}

describe('a slot', () => {
  test('is due from its very instant on, and no more once it was taken', () => {
    const slot = '2026-08-16T00:30:00.000Z';
    expect(dueTurn(daily, '2026-08-15T12:00:00.000Z', '2026-08-16T00:29:59.999Z', ZONE)).toBeUndefined();
    expect(dueTurn(daily, '2026-08-15T12:00:00.000Z', slot, ZONE)).toEqual({ schedule: daily, slot, missed: 0 });
    expect(dueTurn(daily, '2026-08-15T12:00:00.000Z', '2026-08-16T00:30:00.500Z', ZONE)?.slot).toBe(slot);
    expect(dueTurn(daily, slot, '2026-08-16T12:00:00.000Z', ZONE)).toBeUndefined();
  });

  test('that nobody ran is made up for once, with those before it', () => {
    const turn = dueTurn(daily, '2026-08-10T12:00:00.000Z', '2026-08-16T12:00:00.000Z', ZONE);
    expect(turn).toMatchObject({ slot: '2026-08-16T00:30:00.000Z', missed: 5 });
    const years = dueTurn(at('0 * * * *'), '2020-01-01T00:00:00.000Z', '2026-08-16T12:00:00.000Z', ZONE);
    expect(years).toMatchObject({ slot: '2026-08-16T12:00:00.000Z', missed: MOST_MISSED });
  });

  test('that no calendar has never comes', () => {
    expect(nextSlot(at('0 0 30 2 *'), '2026-01-01T00:00:00.000Z', ZONE)).toBeUndefined();
    expect(dueTurn(at('0 0 30 2 *'), '2020-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z', ZONE)).toBeUndefined();
  });
});

describe('a change of daylight saving', () => {
  test('in an hour that is left out: once, at its end', () => {
    expect(slotsFound(daily, '2026-03-28T12:00:00.000Z', '2026-03-30T12:00:00.000Z')).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
  });

  test('in an hour that comes twice: once, the first time', () => {
    expect(slotsFound(daily, '2026-10-24T12:00:00.000Z', '2026-10-26T12:00:00.000Z')).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
  });

  test('every hour is every hour', () => {
    const hours = slotsFound(at('0 * * * *'), '2026-10-24T12:00:00.000Z', '2026-10-25T12:00:00.000Z');
    expect(hours).toHaveLength(24);
  });

  test('a year of days has as many slots as days', () => {
    let [since, count] = ['2026-01-01T00:00:00.000Z', 0];
    for (let next = nextSlot(daily, since, ZONE); next !== undefined && next < '2027-01-01'; count += 1) {
      expect(dueTurn(daily, since, next, ZONE)).toMatchObject({ slot: next, missed: 0 });
      since = next;
      next = nextSlot(daily, since, ZONE);
    }
    expect(count).toBe(365);
  });
});

test('a slot is far ahead when a day of waiting would not bring it', () => {
  const now = '2026-08-16T12:00:00.000Z';
  expect(isFarAhead('2026-08-17T12:00:00.001Z', now)).toBe(true);
  expect(isFarAhead('2026-08-17T12:00:00.000Z', now)).toBe(false);
  expect(isFarAhead('2020-01-01T00:00:00.000Z', now)).toBe(false);
});
