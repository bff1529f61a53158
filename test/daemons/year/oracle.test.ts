import { beforeAll, describe, expect, test } from 'vitest';
import { Scheduler } from '../../../src/daemons/scheduler.ts';
import { SlotRecords } from '../../../src/daemons/slot-records.ts';
import type { LoggedRun, ServiceLog } from '../../support/year/log.ts';
import { violations } from '../../support/year/oracle.ts';
import { type Parts, REAL } from '../../support/year/simulated-daemon.ts';
import { type SimulatedTime, simulate } from '../../support/year/simulation.ts';
import { slotsBetween, Zone } from '../../support/year/wall-slots.ts';

const MONTH = { seed: 5, zone: 'Europe/Berlin', from: '2028-03-10T00:00:00.000Z', days: 20 } as const;

let healthy: SimulatedTime;
beforeAll(async () => {
  healthy = await simulate({ ...MONTH, harshness: 0 });
});

test('a healthy time is found healthy', () => {
  expect(violations(healthy)).toEqual([]);
});

/** What is found when the log of the first service is not what happened. */
function foundIn(change: (log: ServiceLog) => Partial<ServiceLog>): string[] {
  const [first, ...others] = healthy.logs;
  if (first === undefined) throw new Error('there is no log');
  return violations({ ...healthy, logs: [{ ...first, ...change(first) }, ...others] });
}

function someRun({ runs }: ServiceLog): LoggedRun {
  const run = runs.find(({ type }) => type === 'daily');
  if (run === undefined) throw new Error('there was no run');
  return run;
}

describe('what is planted is found:', () => {
  test('a slot that was run twice', () => {
    const found = foundIn((log) => {
      const run = someRun(log);
      return { runs: [...log.runs, { ...run, began: run.ended + 9e9, ended: run.ended + 9e9 + 1 }] };
    });
    expect(found).toEqual([expect.stringMatching(/^postgres: daily \S+Z \(0\) was run again after it had been run$/)]);
  });

  test('a run that was tried for ever', () => {
    const found = foundIn((log) => {
      const run = { ...someRun(log), outcome: 'mendable' as const };
      const tries = Array.from({ length: 5 }, (_, index) =>
        Object.assign({ ...run }, { began: run.ended + index, ended: run.ended + index }),
      );
      return { runs: [...log.runs.filter(({ slot }) => slot !== run.slot), ...tries] };
    });
    expect(found).toContainEqual(expect.stringContaining('was tried 5 times'));
  });

  test('a slot that nobody ran', () => {
    const found = foundIn((log) => ({ runs: log.runs.filter((each) => each !== someRun(log)) }));
    expect(found).toEqual([expect.stringMatching(/^postgres: daily \S+Z was missed without a word$/)]);
  });

  test('the same where slots count anew only after it; not where it comes again', () => {
    const line = 'postgres daily: the clock was put back: slots count from now on';
    const without = (log: ServiceLog, later: number): Partial<ServiceLog> => {
      const run = someRun(log);
      const wall = Date.parse(run.slot) + later;
      return { runs: log.runs.filter((each) => each !== run), said: [...log.said, { wall, line }] };
    };
    expect(foundIn((log) => without(log, 1))).toEqual([expect.stringContaining('was missed without a word')]);
    expect(foundIn((log) => without(log, -1))).toEqual([]);
  });

  test('a slot that was only put off', () => {
    const found = foundIn((log) => ({
      runs: log.runs.map((each) => (each === someRun(log) ? { ...each, outcome: 'aside' as const } : each)),
    }));
    expect(found).toEqual([
      expect.stringContaining('was missed without a word'),
      expect.stringContaining('nobody was told that daily'),
    ]);
  });

  test('two runs at the same time', () => {
    const found = foundIn((log) => ({
      runs: log.runs.map((each, index) => (index === 3 ? { ...each, ended: each.ended + 48 * 3_600_000 } : each)),
    }));
    expect(found).toContainEqual(expect.stringMatching(/began before .* had ended$/));
  });

  test.each(['killed', 'threw'] as const)('a run that %s, and nobody was told', (outcome) => {
    const found = foundIn((log) => ({
      runs: log.runs.map((each) => (each === someRun(log) ? { ...each, outcome } : each)),
    }));
    expect(found).toEqual([expect.stringContaining('nobody was told')]);
  });

  test('a backup that went too early, one that stays too long, and the last one gone', () => {
    const found = foundIn((log) => ({
      cleanups: log.cleanups.map((each) => ({ ...each, plan: each.plan.map((one) => ({ ...one, keep: !one.keep })) })),
    }));
    expect(found).toContainEqual(expect.stringMatching(/postgres_daily_\d+_\d+ goes at .*, and should not$/));
    expect(found).toContainEqual(expect.stringMatching(/postgres_daily_\d+_\d+ stays at .*, and should not$/));
    expect(found).toContainEqual(expect.stringContaining('the last verified backup'));
  });

  test('nothing left at the end, and nothing checked for days', () => {
    expect(foundIn(() => ({ stored: [] }))).toEqual(['postgres: nothing is left to recover from']);
    expect(foundIn(() => ({ cares: [{ waited: 30 * 3_600_000 }] }))).toEqual([
      'postgres: nothing was checked for 30.0 hours',
    ]);
  });
});

/** Records that say they were written. */
class Forgetful extends SlotRecords {
  override async load(): Promise<void> {
    await Promise.resolve();
  }
}

const BAD = { ...MONTH, days: 12, harshness: 2 } as const;

async function foundWith(parts: Partial<Parts>, harshness: number = BAD.harshness): Promise<string[]> {
  return violations(await simulate({ ...BAD, harshness, parts: { ...REAL, ...parts } }));
}

describe('a scheduler that is broken is found out:', () => {
  test('none of it is the weather', async () => {
    expect(violations(await simulate(BAD))).toEqual([]);
  });

  test('one that forgets what it did when it starts again', async () => {
    const found = await foundWith({ records: (directory, service) => new Forgetful(directory, service) });
    expect(found).toContainEqual(expect.stringContaining('was missed without a word'));
    expect(found).toContainEqual(expect.stringContaining('nobody was told that the run of'));
  });

  test('one that says nothing of what it missed', async () => {
    const found = await foundWith({
      scheduler: (deps) => new Scheduler({ ...deps, say: (line) => line.includes('missed') || deps.say(line) }),
    });
    expect(found).toContainEqual(expect.stringContaining('was missed without a word'));
  });

  test('one that takes every failure for something to be mended', async () => {
    const found = await foundWith({
      scheduler: (deps) =>
        new Scheduler({
          ...deps,
          run: async (turn, signal) => {
            const end = await deps.run(turn, signal);
            return end.code === 0 || end.steppedAside || end.cancelled ? end : { ...end, code: 7 };
          },
        }),
    });
    expect(found).toContainEqual(expect.stringContaining('was run again after it had been run'));
  });

  test('one that reads its schedules as if the zone were another', async () => {
    const found = await foundWith({ scheduler: (deps) => new Scheduler({ ...deps, zone: 'UTC' }) });
    expect(found).toContainEqual(expect.stringContaining('was missed without a word'));
  });

  test('one whose care never comes', async () => {
    const scheduler: Parts['scheduler'] = (deps) => new Scheduler({ ...deps, care: () => Promise.resolve(false) });
    const found = await foundWith({ scheduler }, 0);
    expect(found).toContainEqual(expect.stringMatching(/^redis: nothing was checked for \d+\.\d hours$/));
  });
});

test('the slots of a wall are those of the tables of its zone', () => {
  const daily = { cron: '30 2 * * *', times: [[2, 30]], on: () => true } as const;
  const at = (zone: string, from: string, to: string): string[] =>
    slotsBetween(daily, new Zone(zone), Date.parse(from), Date.parse(to));
  expect(at('Europe/Berlin', '2028-03-25T12:00:00Z', '2028-03-27T12:00:00Z')).toEqual([
    '2028-03-26T01:00:00.000Z',
    '2028-03-27T00:30:00.000Z',
  ]);
  expect(at('Europe/Berlin', '2028-10-28T12:00:00Z', '2028-10-30T12:00:00Z')).toEqual([
    '2028-10-29T00:30:00.000Z',
    '2028-10-30T01:30:00.000Z',
  ]);
  expect(at('America/New_York', '2028-03-11T12:00:00Z', '2028-03-13T12:00:00Z')).toEqual([
    '2028-03-12T07:00:00.000Z',
    '2028-03-13T06:30:00.000Z',
  ]);
  expect(at('America/New_York', '2028-11-04T12:00:00Z', '2028-11-06T12:00:00Z')).toHaveLength(2);
});
