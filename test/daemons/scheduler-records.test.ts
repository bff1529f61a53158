import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DAY, DONE, MINUTE, SchedulerScene, schedules } from './scheduler-scene.ts';

let scene: SchedulerScene;
beforeEach(async () => {
  scene = await SchedulerScene.open();
});
afterEach(() => scene[Symbol.asyncDispose]());

describe('while nothing can be put on record', () => {
  test('no slot begins, which is said once; it is made up for later', async () => {
    const scheduler = await scene.started();
    {
      await using _away = await scene.unwritable();
      await scene.pass(scheduler, 20 * 60 * MINUTE);
      expect(scene.runs).toEqual([]);
      expect(scene.said).toEqual([
        expect.stringMatching(/^redis daily: the slot of 2026-08-11T04:00:00.000Z cannot begin: .*ENOTDIR/),
      ]);
    }
    await scene.pass(scheduler, 60 * MINUTE);
    expect(scene.runs).toHaveLength(1);
    expect(scene.said.at(-1)).toBe('redis daily: the slot of 2026-08-11T04:00:00.000Z was missed: made up for now');
  });

  test('a run that ended then is not taken for one that was killed, nor run again', async () => {
    let away: AsyncDisposable | undefined;
    const scheduler = await scene.started(schedules, async () => {
      away = await scene.unwritable();
    });
    await scene.pass(scheduler, 17 * 60 * MINUTE);
    expect(scene.said.filter((line) => line.includes('not on record yet'))).toHaveLength(1);
    await away?.[Symbol.asyncDispose]();
    await scene.pass(scheduler, 60 * MINUTE);
    await scene.pass(await scene.started(), 60 * MINUTE);
    expect(scene.runs).toHaveLength(1);
    expect(scene.cared).toHaveLength(1);
    expect(scene.said.filter((line) => /killed|missed/.test(line))).toEqual([]);
  });

  test('one that had to step aside then is tried again all the same', async () => {
    scene.ends = [{ ...DONE, code: 6, steppedAside: true }];
    let away: AsyncDisposable | undefined;
    const scheduler = await scene.started(schedules, async () => {
      away ??= await scene.unwritable();
    });
    await scene.pass(scheduler, 17 * 60 * MINUTE);
    await away?.[Symbol.asyncDispose]();
    await scene.pass(scheduler, 60 * MINUTE);
    expect(scene.runs).toHaveLength(2);
  });
});

test.each(['null', '[]', '7', '{"daily":{"slot":"soon","state":"ended"}}', '{"daily":null}'])(
  'records that are %s are said, and count as none',
  async (text) => {
    await scene.started();
    await writeFile(scene.records.file, text);
    await scene.pass(await scene.started(), 17 * 60 * MINUTE);
    expect(scene.said.filter((line) => line.includes('is damaged'))).toHaveLength(1);
    expect(scene.runs).toHaveLength(1);
  },
);

test('records that are damaged are said, and count as none', async () => {
  await scene.pass(await scene.started(), DAY);
  await writeFile(scene.records.file, '{"daily":');
  await scene.pass(await scene.started(), 60 * MINUTE);
  expect(scene.said).toContainEqual(expect.stringContaining('is damaged'));
  expect(scene.runs).toHaveLength(1);
});
