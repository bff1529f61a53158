import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Schedule } from '../../src/policy/schedule.ts';
import { DAY, DONE, MINUTE, SchedulerScene } from './scheduler-scene.ts';

let scene: SchedulerScene;
beforeEach(async () => {
  scene = await SchedulerScene.open();
});
afterEach(() => scene[Symbol.asyncDispose]());

describe('a schedule that is changed', () => {
  const daily = (cron: string): Schedule => ({ service: 'redis', type: 'daily', cron });

  test('has missed nothing, and is run from then on', async () => {
    const inForce = [daily('0 4 * * *')];
    const scheduler = await scene.started(inForce);
    await scene.pass(scheduler, DAY);
    inForce[0] = daily('0 10 * * *'); // two hours ago
    await scene.pass(scheduler, 20 * 60 * MINUTE);
    expect(scene.runs).toHaveLength(1);
    await scene.pass(scheduler, 3 * 60 * MINUTE);
    expect(scene.runs).toHaveLength(2);
    await scene.pass(await scene.started([daily('0 11 * * *')]), 23 * 60 * MINUTE);
    expect(scene.runs).toHaveLength(2);
    expect(scene.said.filter((line) => line.includes('missed'))).toEqual([]);
  });

  test('may be taken away and come back', async () => {
    const inForce = [daily('0 4 * * *')];
    const scheduler = await scene.started(inForce);
    await scene.pass(scheduler, DAY);
    inForce.pop();
    await scene.pass(scheduler, 3 * DAY);
    expect(scene.runs).toHaveLength(1);
  });
});

describe('a schedule that came to an end', () => {
  const daily = (cron: string): Schedule => ({ service: 'redis', type: 'daily', cron });

  test('and comes back has missed nothing meanwhile', async () => {
    const inForce = [daily('0 4 * * *')];
    const scheduler = await scene.started(inForce);
    await scene.pass(scheduler, DAY);
    inForce.pop();
    await scene.pass(scheduler, 3 * DAY);
    inForce.push(daily('0 4 * * *'));
    await scene.pass(scheduler, 12 * 60 * MINUTE);
    expect(scene.runs).toHaveLength(1);
    await scene.pass(scheduler, 12 * 60 * MINUTE);
    expect(scene.runs).toHaveLength(2);
    expect(scene.said.filter((line) => /missed|tried/.test(line))).toEqual([]);
  });

  test('with a slot that is not run yet says that it is given up', async () => {
    scene.ends = [{ ...DONE, code: 6, steppedAside: true }];
    await scene.pass(await scene.started([daily('0 4 * * *')]), 16 * 60 * MINUTE);
    scene.now += 2 * DAY;
    await scene.pass(await scene.started([daily('0 5 * * *')]), MINUTE, MINUTE);
    expect(scene.said.at(-1)).toBe(
      'redis daily: its schedule has changed: the slot of 2026-08-13T04:00:00.000Z, with 2 before it, was missed and is not made up for',
    );
    expect(scene.runs).toHaveLength(1);
  });

  test('with a run that failed says that it is not tried again', async () => {
    scene.ends = [{ ...DONE, code: 7 }];
    const inForce = [daily('0 4 * * *')];
    const scheduler = await scene.started(inForce);
    await scene.pass(scheduler, 16 * 60 * MINUTE);
    inForce.pop();
    await scene.pass(scheduler, 60 * MINUTE);
    expect(scene.runs).toHaveLength(1);
    expect(scene.said.at(-1)).toBe(
      'redis daily: its schedule has changed: the slot of 2026-08-11T04:00:00.000Z is not tried again',
    );
  });

  test('while the process was killed in its run: that is said all the same', async () => {
    await scene.pass(await scene.started(), DAY);
    const { file } = scene.records;
    const found = JSON.parse(await readFile(file, 'utf8')) as Record<string, object>;
    await writeFile(file, JSON.stringify({ ...found, daily: { ...found['daily'], state: 'running' } }));
    await scene.started([]);
    expect(scene.said).toContain('redis daily: the run of 2026-08-11T04:00:00.000Z was killed; it is not repeated');
    expect(scene.noted).toHaveLength(1);
  });
});

describe('a clock', () => {
  const hourly: readonly Schedule[] = [{ service: 'redis', type: 'hourly', cron: '0 * * * *' }];

  test('that was far ahead and is right again keeps no slot from its turn', async () => {
    const scheduler = await scene.started(hourly);
    scene.now += 40 * DAY;
    await scene.pass(scheduler, MINUTE, MINUTE);
    scene.now -= 40 * DAY;
    const before = scene.runs.length;
    await scene.pass(scheduler, 3 * 60 * MINUTE, MINUTE);
    expect(scene.runs.length - before).toBe(3);
    expect(scene.said.filter((line) => line.includes('put back'))).toEqual([
      'redis hourly: the clock was put back: slots count from now on',
    ]);
  });

  test('that is put back by less than a day repeats nothing, and says until when', async () => {
    const scheduler = await scene.started(hourly);
    await scene.pass(scheduler, 5 * 60 * MINUTE, MINUTE);
    scene.now -= 3 * 60 * MINUTE;
    await scene.pass(scheduler, 2 * 60 * MINUTE, MINUTE);
    await scene.pass(await scene.started(hourly), 2 * 60 * MINUTE, MINUTE);
    const slots = scene.runs.map((each) => each.slice(-13, -8));
    expect(slots).toEqual(['13:00', '14:00', '15:00', '16:00', '17:00', '18:00']);
    const words = 'redis hourly: the clock was put back: slots until 2026-08-10T17:00:00.000Z count as past';
    expect(scene.said.filter((line) => line.includes('put back'))).toEqual([words, words]); // of two processes
  });

  test('that is corrected by seconds is no news', async () => {
    const scheduler = await scene.started(hourly);
    await scene.pass(scheduler, 60 * MINUTE, MINUTE);
    scene.now -= MINUTE / 2;
    await scene.pass(scheduler, 10 * MINUTE, MINUTE / 6);
    expect(scene.runs).toHaveLength(1);
    expect(scene.said.filter((line) => line.includes('clock'))).toEqual([]);
  });
});
