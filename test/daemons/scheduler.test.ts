import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RunEnd, Scheduler } from '../../src/daemons/scheduler.ts';
import { SlotRecords } from '../../src/daemons/slot-records.ts';
import type { RunRecord } from '../../src/model/runs.ts';
import type { Schedule } from '../../src/policy/schedule.ts';
import { never } from '../agents/scene.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const DONE: RunEnd = { code: 0, steppedAside: false, cancelled: false };
const schedules: readonly Schedule[] = [
  { service: 'redis', type: 'daily', cron: '0 4 * * *' },
  { service: 'redis', type: 'weekly', cron: '0 3 * * 0' },
];

let directory: string;
let now: number;
let runs: string[];
let said: string[];
/** What went into the run history without a command. */
let noted: RunRecord[];
/** What was done after backups, or without one. */
let cared: string[];
let cares: boolean[];
/** How the next runs end. */
let ends: (RunEnd | Error)[];

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'scheduler-'));
  now = Date.parse('2026-08-10T12:00:00.000Z'); // a Monday
  [runs, said, ends, noted, cared, cares] = [[], [], [], [], [], []];
});
afterEach(() => rm(directory, { recursive: true }));

const instant = (): string => new Date(now).toISOString();

/** As after a start of the process: nothing but the records is known. */
async function started(
  more: readonly Schedule[] = schedules,
  inRun: () => Promise<void> = () => Promise.resolve(),
): Promise<Scheduler> {
  const scheduler = new Scheduler({
    service: 'redis',
    schedules: () => more,
    care: async (_service, after) => {
      cared.push(`${after} ${instant()}`);
      return await Promise.resolve(cares.shift() ?? true);
    },
    zone: 'UTC',
    clock: { now: instant },
    records: new SlotRecords(directory, 'redis'),
    run: async ({ schedule: { service, type } }) => {
      runs.push(`${service} ${type} ${instant()}`);
      const end = ends.shift() ?? DONE;
      await inRun();
      if (end instanceof Error) throw end;
      return end;
    },
    note: async (run) => {
      noted.push(run);
      await Promise.resolve();
    },
    say: (line) => said.push(line),
  });
  await scheduler.begin();
  return scheduler;
}

/** Lets fake time pass, with a look every so often. */
async function pass(scheduler: Scheduler, milliseconds: number, step = 30 * MINUTE): Promise<void> {
  const end = now + milliseconds;
  while (now < end) {
    now = Math.min(end, now + step);
    scheduler.tick(never);
    await scheduler.idle();
  }
}

describe('slots', () => {
  test('of two weeks are run, each once, in their order', async () => {
    await pass(await started(), 14 * DAY);
    expect(runs.filter((each) => each.includes('daily'))).toHaveLength(14);
    expect(runs.filter((each) => each.includes('weekly'))).toEqual([
      'redis weekly 2026-08-16T03:00:00.000Z',
      'redis weekly 2026-08-23T03:00:00.000Z',
    ]);
    expect(runs).toEqual(runs.toSorted((a, b) => (a.slice(-24) < b.slice(-24) ? -1 : 1)));
  });

  test('are not run twice because the process was started anew', async () => {
    for (let day = 0; day < 5; day += 1) {
      await pass(await started(), DAY / 2);
      await pass(await started(), DAY / 2);
      await pass(await started(), 0);
    }
    expect(runs).toHaveLength(5);
    expect(said.filter((line) => line.includes('missed'))).toEqual([]);
  });

  test('that were missed are made up for once, and said', async () => {
    await pass(await started(), DAY);
    now += 4 * DAY;
    const scheduler = await started();
    await pass(scheduler, MINUTE, MINUTE);
    expect(runs).toHaveLength(2);
    expect(said.at(-1)).toBe(
      'redis daily: the slot of 2026-08-15T04:00:00.000Z was missed, as were 3 before it: made up for now',
    );
    await pass(scheduler, 60 * MINUTE);
    expect(runs).toHaveLength(2);
  });

  test('before the first start are nobody’s', async () => {
    await pass(await started(), MINUTE, MINUTE);
    expect(runs).toEqual([]);
  });

  test('that fall together are run one after the other', async () => {
    await pass(await started(), DAY);
    now += 6 * DAY; // past a Sunday
    const scheduler = await started();
    await pass(scheduler, 2 * MINUTE, MINUTE);
    expect(runs.slice(1).map((each) => each.split(' ')[1])).toEqual(['weekly', 'daily']);
  });
});

describe('a run', () => {
  test('that failed, or threw, is said, and the loop goes on', async () => {
    ends = [{ ...DONE, code: 3 }, new Error('a bug')];
    await pass(await started(), 3 * DAY);
    expect(runs).toHaveLength(3);
    expect(said).toContain('redis daily: a bug');
    expect(noted).toMatchObject([{ kind: 'backup', service: 'redis', type: 'daily', code: 1, message: 'a bug' }]);
  });

  test('that goes on is not joined by another', async () => {
    const long = Promise.withResolvers<RunEnd>();
    ends = [];
    const scheduler = await started();
    const { promise, resolve } = long;
    const slow = new Scheduler({
      service: 'redis',
      schedules: () => schedules,
      care: () => Promise.resolve(true),
      zone: 'UTC',
      clock: { now: instant },
      records: new SlotRecords(directory, 'redis'),
      run: ({ schedule: { type } }) => {
        runs.push(type);
        return promise;
      },
      note: async (run) => {
        noted.push(run);
        await Promise.resolve();
      },
      say: (line) => said.push(line),
    });
    await slow.begin();
    now += DAY;
    for (let looks = 0; looks < 20; looks += 1) {
      slow.tick(never);
      await new Promise((done) => setImmediate(done));
    }
    await expect.poll(() => runs).toEqual(['daily']);
    resolve(DONE);
    await slow.idle();
    await pass(scheduler, 0);
  });

  test('that has to step aside is tried again a minute later, and says so once', async () => {
    const aside = { code: 6, steppedAside: true, cancelled: false };
    ends = [aside, aside, aside];
    const scheduler = await started();
    await pass(scheduler, 16 * 60 * MINUTE); // until four
    await pass(scheduler, 10 * MINUTE, MINUTE / 6);
    expect(runs).toHaveLength(4);
    expect(said.filter((line) => line.includes('stepped aside'))).toHaveLength(1);
    expect(noted).toMatchObject([{ kind: 'backup', code: 6, trigger: 'schedule' }]);
    await pass(scheduler, DAY / 2);
    expect(runs).toHaveLength(4);
  });

  test('that was cancelled by an orderly stop is not used up', async () => {
    ends = [{ code: 143, steppedAside: false, cancelled: true }];
    const stop = new AbortController();
    const scheduler = await started();
    now += DAY;
    scheduler.tick(stop.signal);
    stop.abort();
    await scheduler.idle();
    scheduler.tick(stop.signal);
    await scheduler.idle();
    expect(runs).toHaveLength(1);
    await pass(await started(), MINUTE, MINUTE);
    expect(runs).toHaveLength(2);
    expect(said.at(-1)).toContain('made up for now');
  });

  test('in which the process was killed is said and not repeated', async () => {
    await pass(await started(), DAY);
    const { file } = new SlotRecords(directory, 'redis');
    const records = JSON.parse(await readFile(file, 'utf8')) as Record<string, object>;
    await writeFile(file, JSON.stringify({ ...records, daily: { ...records['daily'], state: 'running' } }));
    const scheduler = await started();
    expect(said.at(-1)).toBe('redis daily: the run of 2026-08-11T04:00:00.000Z was killed; it is not repeated');
    await pass(scheduler, 60 * MINUTE);
    expect(runs).toHaveLength(1);
    const slot = '2026-08-11T04:00:00.000Z';
    expect(noted).toMatchObject([{ service: 'redis', type: 'daily', trigger: 'schedule', slot, code: 1 }]);
  });
});

describe('a failed run', () => {
  const failed = (code: number): RunEnd => ({ ...DONE, code });

  test('that another try may mend is tried again, later each time, and no more than three times', async () => {
    ends = [7, 1, 7, 7].map((code) => failed(code));
    await pass(await started(), 17 * 60 * MINUTE, MINUTE);
    const minutes = runs.map((each) => each.slice(-13, -8));
    expect(minutes).toEqual(['04:00', '04:01', '04:06', '04:21']);
    expect(said.filter((line) => line.includes('tried again in'))).toEqual([
      'redis daily: tried again in 1 min',
      'redis daily: tried again in 5 min',
      'redis daily: tried again in 15 min',
    ]);
    expect(cared).toHaveLength(1);
  });

  test('is tried again until it is good, also by a process that was started anew, whatever its clock says', async () => {
    ends = [failed(7), failed(7)];
    await pass(await started(), 16 * 60 * MINUTE, MINUTE);
    await pass(await started(), 1 * MINUTE, MINUTE);
    now -= 60 * MINUTE;
    await pass(await started(), 30 * MINUTE, MINUTE);
    expect(runs).toHaveLength(3);
    await pass(await started(), 20 * 60 * MINUTE);
    expect(runs).toHaveLength(3);
    expect(said.filter((line) => line.includes('missed'))).toEqual([]);
  });

  test.each([3, 8, 2, 9, 5])('with exit code %i is not: it would only be so again', async (code) => {
    ends = [failed(code)];
    await pass(await started(), 23 * 60 * MINUTE);
    expect(runs).toHaveLength(1);
  });

  test('gives way to the next slot', async () => {
    const often = [{ service: 'redis', type: 'hourly', cron: '*/10 * * * *' } as const];
    ends = [7, 7, 7, 7, 7].map((code) => failed(code));
    await pass(await started(often), 32 * MINUTE, MINUTE);
    expect(runs.map((each) => each.slice(-13, -8))).toEqual([
      '12:10',
      '12:11',
      '12:16',
      '12:20',
      '12:21',
      '12:26',
      '12:30',
    ]);
  });
});

describe('care', () => {
  test('follows each backup, by how that ended', async () => {
    ends = [DONE, { ...DONE, code: 3 }];
    await pass(await started(), 2 * DAY, MINUTE);
    expect(cared).toEqual(['0 2026-08-11T04:00:00.000Z', '3 2026-08-12T04:00:00.000Z']);
  });

  test('comes once a day without a backup, also over restarts', async () => {
    for (let half = 0; half < 10; half += 1) await pass(await started([]), DAY / 2, 10 * MINUTE);
    expect(cared).toHaveLength(5);
    expect(new Set(cared.map((each) => each.split(' ')[0]))).toEqual(new Set(['undefined']));
  });

  test('that something stood in the way of is tried again every minute', async () => {
    cares = [false, false, false];
    await pass(await started(), DAY, MINUTE);
    expect(cared.map((each) => each.slice(-13, -8))).toEqual(['04:00', '04:01', '04:02', '04:03']);
    expect(runs).toHaveLength(1);
  });
});

describe('a schedule that is changed', () => {
  const daily = (cron: string): Schedule => ({ service: 'redis', type: 'daily', cron });

  test('has missed nothing, and is run from then on', async () => {
    const inForce = [daily('0 4 * * *')];
    const scheduler = await started(inForce);
    await pass(scheduler, DAY);
    inForce[0] = daily('0 10 * * *'); // two hours ago
    await pass(scheduler, 20 * 60 * MINUTE);
    expect(runs).toHaveLength(1);
    await pass(scheduler, 3 * 60 * MINUTE);
    expect(runs).toHaveLength(2);
    await pass(await started([daily('0 11 * * *')]), 23 * 60 * MINUTE);
    expect(runs).toHaveLength(2);
    expect(said.filter((line) => line.includes('missed'))).toEqual([]);
  });

  test('may be taken away and come back', async () => {
    const inForce = [daily('0 4 * * *')];
    const scheduler = await started(inForce);
    await pass(scheduler, DAY);
    inForce.pop();
    await pass(scheduler, 3 * DAY);
    expect(runs).toHaveLength(1);
  });
});

describe('a schedule that came to an end', () => {
  const daily = (cron: string): Schedule => ({ service: 'redis', type: 'daily', cron });

  test('and comes back has missed nothing meanwhile', async () => {
    const inForce = [daily('0 4 * * *')];
    const scheduler = await started(inForce);
    await pass(scheduler, DAY);
    inForce.pop();
    await pass(scheduler, 3 * DAY);
    inForce.push(daily('0 4 * * *'));
    await pass(scheduler, 12 * 60 * MINUTE);
    expect(runs).toHaveLength(1);
    await pass(scheduler, 12 * 60 * MINUTE);
    expect(runs).toHaveLength(2);
    expect(said.filter((line) => /missed|tried/.test(line))).toEqual([]);
  });

  test('with a slot that is not run yet says that it is given up', async () => {
    ends = [{ ...DONE, code: 6, steppedAside: true }];
    await pass(await started([daily('0 4 * * *')]), 16 * 60 * MINUTE);
    now += 2 * DAY;
    await pass(await started([daily('0 5 * * *')]), MINUTE, MINUTE);
    expect(said.at(-1)).toBe(
      'redis daily: its schedule has changed: the slot of 2026-08-13T04:00:00.000Z, with 2 before it, was missed and is not made up for',
    );
    expect(runs).toHaveLength(1);
  });

  test('with a run that failed says that it is not tried again', async () => {
    ends = [{ ...DONE, code: 7 }];
    const inForce = [daily('0 4 * * *')];
    const scheduler = await started(inForce);
    await pass(scheduler, 16 * 60 * MINUTE);
    inForce.pop();
    await pass(scheduler, 60 * MINUTE);
    expect(runs).toHaveLength(1);
    expect(said.at(-1)).toBe(
      'redis daily: its schedule has changed: the slot of 2026-08-11T04:00:00.000Z is not tried again',
    );
  });

  test('while the process was killed in its run: that is said all the same', async () => {
    await pass(await started(), DAY);
    const { file } = new SlotRecords(directory, 'redis');
    const found = JSON.parse(await readFile(file, 'utf8')) as Record<string, object>;
    await writeFile(file, JSON.stringify({ ...found, daily: { ...found['daily'], state: 'running' } }));
    await started([]);
    expect(said).toContain('redis daily: the run of 2026-08-11T04:00:00.000Z was killed; it is not repeated');
    expect(noted).toHaveLength(1);
  });
});

describe('a clock', () => {
  const hourly: readonly Schedule[] = [{ service: 'redis', type: 'hourly', cron: '0 * * * *' }];

  test('that was far ahead and is right again keeps no slot from its turn', async () => {
    const scheduler = await started(hourly);
    now += 40 * DAY;
    await pass(scheduler, MINUTE, MINUTE);
    now -= 40 * DAY;
    const before = runs.length;
    await pass(scheduler, 3 * 60 * MINUTE, MINUTE);
    expect(runs.length - before).toBe(3);
    expect(said.filter((line) => line.includes('put back'))).toEqual([
      'redis hourly: the clock was put back: slots count from now on',
    ]);
  });

  test('that is put back by less than a day repeats nothing, and says until when', async () => {
    const scheduler = await started(hourly);
    await pass(scheduler, 5 * 60 * MINUTE, MINUTE);
    now -= 3 * 60 * MINUTE;
    await pass(scheduler, 2 * 60 * MINUTE, MINUTE);
    await pass(await started(hourly), 2 * 60 * MINUTE, MINUTE);
    const slots = runs.map((each) => each.slice(-13, -8));
    expect(slots).toEqual(['13:00', '14:00', '15:00', '16:00', '17:00', '18:00']);
    const words = 'redis hourly: the clock was put back: slots until 2026-08-10T17:00:00.000Z count as past';
    expect(said.filter((line) => line.includes('put back'))).toEqual([words, words]); // of two processes
  });

  test('that is corrected by seconds is no news', async () => {
    const scheduler = await started(hourly);
    await pass(scheduler, 60 * MINUTE, MINUTE);
    now -= MINUTE / 2;
    await pass(scheduler, 10 * MINUTE, MINUTE / 6);
    expect(runs).toHaveLength(1);
    expect(said.filter((line) => line.includes('clock'))).toEqual([]);
  });
});

test('slots that were missed are said also where the newest comes in time', async () => {
  const often: readonly Schedule[] = [{ service: 'redis', type: 'hourly', cron: '*/10 * * * *' }];
  const scheduler = await started(often);
  now += 30 * MINUTE; // the slots of 12:10 and 12:20 are over, that of 12:30 is now
  scheduler.tick(never);
  await scheduler.idle();
  expect(said).toEqual([
    'redis hourly: the slot of 2026-08-10T12:30:00.000Z; 2 before it were missed: made up for by this one',
  ]);
});

/** The directory of the records is gone and cannot be made while this holds. */
async function unwritable(): Promise<AsyncDisposable> {
  const place = path.dirname(new SlotRecords(directory, 'redis').file);
  await rename(place, `${place}.away`);
  await writeFile(place, '');
  return {
    async [Symbol.asyncDispose]() {
      await rm(place);
      await rename(`${place}.away`, place);
    },
  };
}

describe('while nothing can be put on record', () => {
  test('no slot begins, which is said once; it is made up for later', async () => {
    const scheduler = await started();
    {
      await using _away = await unwritable();
      await pass(scheduler, 20 * 60 * MINUTE);
      expect(runs).toEqual([]);
      expect(said).toEqual([
        expect.stringMatching(/^redis daily: the slot of 2026-08-11T04:00:00.000Z cannot begin: .*ENOTDIR/),
      ]);
    }
    await pass(scheduler, 60 * MINUTE);
    expect(runs).toHaveLength(1);
    expect(said.at(-1)).toBe('redis daily: the slot of 2026-08-11T04:00:00.000Z was missed: made up for now');
  });

  test('a run that ended then is not taken for one that was killed, nor run again', async () => {
    let away: AsyncDisposable | undefined;
    const scheduler = await started(schedules, async () => {
      away = await unwritable();
    });
    await pass(scheduler, 17 * 60 * MINUTE);
    expect(said.filter((line) => line.includes('not on record yet'))).toHaveLength(1);
    await away?.[Symbol.asyncDispose]();
    await pass(scheduler, 60 * MINUTE);
    await pass(await started(), 60 * MINUTE);
    expect(runs).toHaveLength(1);
    expect(cared).toHaveLength(1);
    expect(said.filter((line) => /killed|missed/.test(line))).toEqual([]);
  });

  test('one that had to step aside then is tried again all the same', async () => {
    ends = [{ ...DONE, code: 6, steppedAside: true }];
    let away: AsyncDisposable | undefined;
    const scheduler = await started(schedules, async () => {
      away ??= await unwritable();
    });
    await pass(scheduler, 17 * 60 * MINUTE);
    await away?.[Symbol.asyncDispose]();
    await pass(scheduler, 60 * MINUTE);
    expect(runs).toHaveLength(2);
  });
});

test.each(['null', '[]', '7', '{"daily":{"slot":"soon","state":"ended"}}', '{"daily":null}'])(
  'records that are %s are said, and count as none',
  async (text) => {
    await started();
    await writeFile(new SlotRecords(directory, 'redis').file, text);
    await pass(await started(), 17 * 60 * MINUTE);
    expect(said.filter((line) => line.includes('is damaged'))).toHaveLength(1);
    expect(runs).toHaveLength(1);
  },
);

test('records that are damaged are said, and count as none', async () => {
  await pass(await started(), DAY);
  await writeFile(new SlotRecords(directory, 'redis').file, '{"daily":');
  await pass(await started(), 60 * MINUTE);
  expect(said).toContainEqual(expect.stringContaining('is damaged'));
  expect(runs).toHaveLength(1);
});
