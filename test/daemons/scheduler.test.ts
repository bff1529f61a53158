import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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
/** How the next runs end. */
let ends: (RunEnd | Error)[];

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'scheduler-'));
  now = Date.parse('2026-08-10T12:00:00.000Z'); // a Monday
  [runs, said, ends, noted] = [[], [], [], []];
});
afterEach(() => rm(directory, { recursive: true }));

const instant = (): string => new Date(now).toISOString();

/** As after a start of the process: nothing but the records is known. */
async function started(more: readonly Schedule[] = schedules): Promise<Scheduler> {
  const scheduler = new Scheduler({
    service: 'redis',
    schedules: more,
    zone: 'UTC',
    clock: { now: instant },
    records: new SlotRecords(directory, 'redis'),
    run: async ({ schedule: { service, type } }) => {
      runs.push(`${service} ${type} ${instant()}`);
      const end = ends.shift() ?? DONE;
      if (end instanceof Error) throw end;
      return await Promise.resolve(end);
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
    ends = [{ ...DONE, code: 7 }, new Error('a bug')];
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
      schedules,
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

test('records that are damaged are said, and count as none', async () => {
  await pass(await started(), DAY);
  await writeFile(new SlotRecords(directory, 'redis').file, '{"daily":');
  await pass(await started(), 60 * MINUTE);
  expect(said).toContainEqual(expect.stringContaining('is damaged'));
  expect(runs).toHaveLength(1);
});
