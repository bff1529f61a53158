import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunEnd } from '../../src/daemons/scheduler.ts';
import type { Schedule } from '../../src/policy/schedule.ts';
import { never } from '../agents/scene.ts';
import { DAY, DONE, MINUTE, SchedulerScene, schedules } from './scheduler-scene.ts';

let scene: SchedulerScene;
beforeEach(async () => {
  scene = await SchedulerScene.open();
});
afterEach(() => scene[Symbol.asyncDispose]());

describe('slots', () => {
  test('of two weeks are run, each once, in their order', async () => {
    await scene.pass(await scene.started(), 14 * DAY);
    expect(scene.runs.filter((each) => each.includes('daily'))).toHaveLength(14);
    expect(scene.runs.filter((each) => each.includes('weekly'))).toEqual([
      'redis weekly 2026-08-16T03:00:00.000Z',
      'redis weekly 2026-08-23T03:00:00.000Z',
    ]);
    expect(scene.runs).toEqual(scene.runs.toSorted((a, b) => (a.slice(-24) < b.slice(-24) ? -1 : 1)));
  });

  test('are not run twice because the process was started anew', async () => {
    for (let day = 0; day < 5; day += 1) {
      await scene.pass(await scene.started(), DAY / 2);
      await scene.pass(await scene.started(), DAY / 2);
      await scene.pass(await scene.started(), 0);
    }
    expect(scene.runs).toHaveLength(5);
    expect(scene.said.filter((line) => line.includes('missed'))).toEqual([]);
  });

  test('that were missed are made up for once, and said', async () => {
    await scene.pass(await scene.started(), DAY);
    scene.now += 4 * DAY;
    const scheduler = await scene.started();
    await scene.pass(scheduler, MINUTE, MINUTE);
    expect(scene.runs).toHaveLength(2);
    expect(scene.said.at(-1)).toBe(
      'redis daily: the slot of 2026-08-15T04:00:00.000Z was missed, as were 3 before it: made up for now',
    );
    await scene.pass(scheduler, 60 * MINUTE);
    expect(scene.runs).toHaveLength(2);
  });

  test('before the first start are nobody’s', async () => {
    await scene.pass(await scene.started(), MINUTE, MINUTE);
    expect(scene.runs).toEqual([]);
  });

  test('that fall together are run one after the other', async () => {
    await scene.pass(await scene.started(), DAY);
    scene.now += 6 * DAY; // past a Sunday
    const scheduler = await scene.started();
    await scene.pass(scheduler, 2 * MINUTE, MINUTE);
    expect(scene.runs.slice(1).map((each) => each.split(' ')[1])).toEqual(['weekly', 'daily']);
  });
});

test('slots that were missed are said also where the newest comes in time', async () => {
  const often: readonly Schedule[] = [{ service: 'redis', type: 'hourly', cron: '*/10 * * * *' }];
  const scheduler = await scene.started(often);
  scene.now += 30 * MINUTE; // the slots of 12:10 and 12:20 are over, that of 12:30 is now
  scheduler.tick(never);
  await scheduler.idle();
  expect(scene.said).toEqual([
    'redis hourly: the slot of 2026-08-10T12:30:00.000Z; 2 before it were missed: made up for by this one',
  ]);
});

describe('a run', () => {
  test('that failed, or threw, is said, and the loop goes on', async () => {
    scene.ends = [{ ...DONE, code: 3 }, new Error('a bug')];
    await scene.pass(await scene.started(), 3 * DAY);
    expect(scene.runs).toHaveLength(3);
    expect(scene.said).toContain('redis daily: a bug');
    expect(scene.noted).toMatchObject([{ kind: 'backup', service: 'redis', type: 'daily', code: 1, message: 'a bug' }]);
  });

  test('that goes on is not joined by another', async () => {
    const long = Promise.withResolvers<void>();
    const slow = await scene.started(schedules, () => long.promise);
    scene.now += DAY;
    slow.tick(never);
    await expect.poll(() => scene.runs).toEqual(['redis daily 2026-08-11T12:00:00.000Z']);
    for (let looks = 0; looks < 20; looks += 1) {
      slow.tick(never);
      await new Promise((done) => setImmediate(done));
    }
    long.resolve();
    await slow.idle();
    expect(scene.runs).toHaveLength(1);
  });

  test('that has to step aside is tried again a minute later, and says so once', async () => {
    const aside = { code: 6, steppedAside: true, cancelled: false };
    scene.ends = [aside, aside, aside];
    const scheduler = await scene.started();
    await scene.pass(scheduler, 16 * 60 * MINUTE); // until four
    await scene.pass(scheduler, 10 * MINUTE, MINUTE / 6);
    expect(scene.runs).toHaveLength(4);
    expect(scene.said.filter((line) => line.includes('stepped aside'))).toHaveLength(1);
    expect(scene.noted).toMatchObject([{ kind: 'backup', code: 6, trigger: 'schedule' }]);
    await scene.pass(scheduler, DAY / 2);
    expect(scene.runs).toHaveLength(4);
  });

  test('that was cancelled by an orderly stop is not used up', async () => {
    scene.ends = [{ code: 143, steppedAside: false, cancelled: true }];
    const stop = new AbortController();
    const scheduler = await scene.started();
    scene.now += DAY;
    scheduler.tick(stop.signal);
    stop.abort();
    await scheduler.idle();
    scheduler.tick(stop.signal);
    await scheduler.idle();
    expect(scene.runs).toHaveLength(1);
    await scene.pass(await scene.started(), MINUTE, MINUTE);
    expect(scene.runs).toHaveLength(2);
    expect(scene.said.at(-1)).toContain('made up for now');
  });

  test('in which the process was killed is said and not repeated', async () => {
    await scene.pass(await scene.started(), DAY);
    const { file } = scene.records;
    const records = JSON.parse(await readFile(file, 'utf8')) as Record<string, object>;
    await writeFile(file, JSON.stringify({ ...records, daily: { ...records['daily'], state: 'running' } }));
    const scheduler = await scene.started();
    expect(scene.said.at(-1)).toBe('redis daily: the run of 2026-08-11T04:00:00.000Z was killed; it is not repeated');
    await scene.pass(scheduler, 60 * MINUTE);
    expect(scene.runs).toHaveLength(1);
    const slot = '2026-08-11T04:00:00.000Z';
    expect(scene.noted).toMatchObject([{ service: 'redis', type: 'daily', trigger: 'schedule', slot, code: 1 }]);
  });
});

describe('a failed run', () => {
  const failed = (code: number): RunEnd => ({ ...DONE, code });

  test('that another try may mend is tried again, later each time, and no more than three times', async () => {
    scene.ends = [7, 1, 7, 7].map((code) => failed(code));
    await scene.pass(await scene.started(), 17 * 60 * MINUTE, MINUTE);
    const minutes = scene.runs.map((each) => each.slice(-13, -8));
    expect(minutes).toEqual(['04:00', '04:01', '04:06', '04:21']);
    expect(scene.said.filter((line) => line.includes('tried again in'))).toEqual([
      'redis daily: tried again in 1 min',
      'redis daily: tried again in 5 min',
      'redis daily: tried again in 15 min',
    ]);
    expect(scene.cared).toHaveLength(1);
  });

  test('is tried again until it is good, also by a process that was started anew, whatever its clock says', async () => {
    scene.ends = [failed(7), failed(7)];
    await scene.pass(await scene.started(), 16 * 60 * MINUTE, MINUTE);
    await scene.pass(await scene.started(), 1 * MINUTE, MINUTE);
    scene.now -= 60 * MINUTE;
    await scene.pass(await scene.started(), 30 * MINUTE, MINUTE);
    expect(scene.runs).toHaveLength(3);
    await scene.pass(await scene.started(), 20 * 60 * MINUTE);
    expect(scene.runs).toHaveLength(3);
    expect(scene.said.filter((line) => line.includes('missed'))).toEqual([]);
  });

  test.each([3, 8, 2, 9, 5])('with exit code %i is not: it would only be so again', async (code) => {
    scene.ends = [failed(code)];
    await scene.pass(await scene.started(), 23 * 60 * MINUTE);
    expect(scene.runs).toHaveLength(1);
  });

  test('gives way to the next slot', async () => {
    const often = [{ service: 'redis', type: 'hourly', cron: '*/10 * * * *' } as const];
    scene.ends = [7, 7, 7, 7, 7].map((code) => failed(code));
    await scene.pass(await scene.started(often), 32 * MINUTE, MINUTE);
    expect(scene.runs.map((each) => each.slice(-13, -8))).toEqual([
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
    scene.ends = [DONE, { ...DONE, code: 3 }];
    await scene.pass(await scene.started(), 2 * DAY, MINUTE);
    expect(scene.cared).toEqual(['0 2026-08-11T04:00:00.000Z', '3 2026-08-12T04:00:00.000Z']);
  });

  test('comes once a day without a backup, also over restarts', async () => {
    for (let half = 0; half < 10; half += 1) await scene.pass(await scene.started([]), DAY / 2, 10 * MINUTE);
    expect(scene.cared).toHaveLength(5);
    expect(new Set(scene.cared.map((each) => each.split(' ')[0]))).toEqual(new Set(['undefined']));
  });

  test('that something stood in the way of is tried again every minute', async () => {
    scene.cares = [false, false, false];
    await scene.pass(await scene.started(), DAY, MINUTE);
    expect(scene.cared.map((each) => each.slice(-13, -8))).toEqual(['04:00', '04:01', '04:02', '04:03']);
    expect(scene.runs).toHaveLength(1);
  });
});
