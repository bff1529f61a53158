import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ServiceLog } from '../../support/year/log.ts';
import { violations } from '../../support/year/oracle.ts';
import { shelfText } from '../../support/year/shelf-text.ts';
import { type SimulatedTime, simulate } from '../../support/year/simulation.ts';

const SEED = Number(process.env['PHYSICS_BACKUP_SEED'] ?? Date.now() % 1_000_000);

/** Everything that can go wrong did, or the time proves little. */
const BEFALLEN: readonly RegExp[] = [
  /was missed, as (?:was|were) \d+ before it: made up for now$/,
  /the clock was put back: slots until \S+ count as past$/,
  /the clock was put back: slots count from now on$/,
  /was killed; it is not repeated$/,
  /stepped aside; tried again every minute$/,
  /tried again in 15 min$/,
  /: a bug$/,
  /cannot begin: /,
  /has changed and is refused: the schedules before it stay in force$/,
  /has changed: its schedules are in force$/,
];

const DAYS_OF_NOTE = ['2028-02-29', '2028-03-26', '2028-10-29'];

/** What shows that a service had little of the year: months without its daily backups, days of note without a run. */
function gaps({ service, runs }: ServiceLog): string[] {
  const daily = runs.filter(({ type, outcome }) => type === 'daily' && outcome === 'good');
  const byMonth = Map.groupBy(daily, ({ slot }) => slot.slice(0, 7));
  const months = Array.from({ length: 12 }, (_, index) =>
    new Date(Date.UTC(2027, 11 + index)).toISOString().slice(0, 7),
  );
  return [
    ...months.filter((month) => (byMonth.get(month)?.length ?? 0) < 15),
    ...DAYS_OF_NOTE.filter((day) => !runs.some(({ slot }) => slot.startsWith(day))),
  ].map((each) => `${service} ${each}`);
}

function said({ logs }: SimulatedTime): string[] {
  return logs.flatMap((log) => log.said.map(({ line }) => line));
}

test(
  'a bad year of all services, with its 29 February and both changes of the clocks',
  { timeout: 600_000 },
  async () => {
    const year = { seed: 3, zone: 'Europe/Berlin', from: '2027-12-01T00:00:00.000Z', days: 366, harshness: 1 };
    const time = await simulate(year);
    expect(violations(time)).toEqual([]);
    const lines = said(time);
    expect(BEFALLEN.filter((each) => !lines.some((line) => each.test(line)))).toEqual([]);
    expect(time.logs.flatMap((log) => gaps(log))).toEqual([]);
    const golden = readFileSync(path.join(import.meta.dirname, 'retention-golden.txt'), 'utf8');
    expect(time.logs.map((log) => shelfText(log)).join('\n')).toBe(golden);
  },
);

describe(`a worse month around a change of the clocks (PHYSICS_BACKUP_SEED=${SEED})`, () => {
  test.each([
    ['Europe/Berlin', '2028-03-15T00:00:00.000Z'],
    ['Europe/Berlin', '2028-10-15T00:00:00.000Z'],
    ['America/New_York', '2028-03-01T00:00:00.000Z'],
    ['America/New_York', '2028-10-25T00:00:00.000Z'],
  ])('in %s, from %s on', { timeout: 600_000 }, async (zone, from) => {
    console.log(`seed ${SEED}: ${zone}, ${from}`);
    const time = await simulate({ seed: SEED, zone, from, days: 26, harshness: 2, often: true });
    expect(violations(time)).toEqual([]);
    const runs = time.logs.flatMap((log) => log.runs);
    expect(runs.filter(({ outcome }) => outcome === 'good').length).toBeGreaterThan(100);
  });
});

test('a good year, too: every slot is run, and nothing is said but that', { timeout: 600_000 }, async () => {
  const time = await simulate({
    seed: 1,
    zone: 'America/New_York',
    from: '2028-02-20T00:00:00.000Z',
    days: 40,
    harshness: 0,
  });
  expect(violations(time)).toEqual([]);
  const unusual = said(time).filter((line) => /missed|put back|killed|aside|again/.test(line));
  // Where the clocks go from two to three, it comes with the daily one, and after it.
  expect(unusual).toEqual(['neo4j weekly: the slot of 2028-03-12T07:00:00.000Z was missed: made up for now']);
  const daily = time.logs.map((log) => log.runs.filter(({ type }) => type === 'daily').length);
  expect(daily).toEqual([44, 44, 44, 44]); // with the calm days
});
