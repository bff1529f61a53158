import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Context } from '../../../src/model/source.ts';
import { redisSource } from '../../../src/sources/redis/source.ts';
import { getSetting } from '../../../src/sources/redis/live.ts';
import {
  captureToFiles,
  FileJournal,
  FileSafetyCopies,
  type FileBackup,
  testContext,
} from '../../support/file-backup.ts';
import { fill } from './fill.ts';
import { TestRedis } from './server.ts';

const POINTS = ['paused', 'safe', 'intended', 'replicating', 'loaded', 'promoted', 'persisted'] as const;
const OF_ROLLBACK = ['intended', 'replicating', 'loaded', 'promoted'] as const;

test.each(POINTS)('killed at redis.%s, a restore can be ended either way by the next run', async (point) => {
  for (const way of ['swap', 'rollback'] as const) {
    await using scene = await killedRestore('swap', `redis.${point}`);
    await scene.takeUp(way);
    expect(await scene.redis.contents()).toEqual(way === 'swap' ? scene.captured : scene.lost);
    await scene.assertLiveIsFree();
  }
});

test.each(OF_ROLLBACK)('killed at redis.%s of a rollback, the next run ends it', async (point) => {
  await using scene = await killedRestore('rollback', `redis.${point}`);
  await scene.takeUp('rollback');
  expect(await scene.redis.contents()).toEqual(scene.lost);
  await scene.assertLiveIsFree();
});

test('what was written between a kill and the next run is in the new safety copy', async () => {
  await using scene = await killedRestore('swap', 'redis.safe');
  const driver = await scene.redis.driver();
  await driver.sendCommand(['CLIENT', 'UNPAUSE']); // as the pause's end would
  await driver.set('meanwhile', '1');
  driver.destroy();
  const written = await scene.redis.contents();
  await scene.takeUp('swap');
  expect(await scene.redis.contents()).toEqual(scene.captured);
  await scene.takeUp('rollback');
  expect(await scene.redis.contents()).toEqual(written);
});

test('a live server that was restarted in the middle is still brought to either end', async () => {
  for (const way of ['swap', 'rollback'] as const) {
    await using scene = await killedRestore('swap', 'redis.loaded');
    await scene.redis.kill();
    await scene.redis.up();
    await scene.takeUp(way);
    expect(await scene.redis.contents()).toEqual(way === 'swap' ? scene.captured : scene.lost);
    await scene.assertLiveIsFree();
  }
});

/** A live server whose data was lost, and a restore of it that was killed. */
async function killedRestore(verb: 'swap' | 'rollback', point: string) {
  await using stack = new AsyncDisposableStack();
  const redis = stack.use(await TestRedis.start());
  const context = stack.use(await testContext());
  await fill(redis);
  const source = redisSource(redis.settings);
  const backup = await captureToFiles(source, context.workDir, context);
  const captured = await redis.contents();
  const driver = await redis.driver();
  await driver.sendCommand(['FLUSHALL']);
  await driver.set('left', 'over');
  driver.destroy();
  const lost = await redis.contents();
  await runUntilKilled(redis, context, backup, verb, point);
  const owned = stack.move();
  return {
    redis,
    captured,
    lost,
    async takeUp(way: 'swap' | 'rollback'): Promise<void> {
      const journal = new FileJournal(path.join(context.workDir, 'journal.jsonl'));
      const safety = new FileSafetyCopies(source, context.workDir);
      await using staged = await source.attach(journal.last, journal.notes, journal, safety, context);
      await staged[way](context);
      expect(await staged.state(context)).toBe(way === 'swap' ? 'swapped' : 'rolled-back');
    },
    /** Master, its settings put back, and writers are let through. */
    async assertLiveIsFree(): Promise<void> {
      await using live = await redis.connect();
      expect((await live.info('replication'))['role']).toBe('master');
      expect(await getSetting(live, 'masterauth')).toBe('');
      expect(await live.send('SET', 'free', '1')).toBe('OK');
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function runUntilKilled(
  redis: TestRedis,
  { workDir }: Context,
  backup: FileBackup,
  verb: string,
  point: string,
): Promise<void> {
  const script = path.join(import.meta.dirname, 'restore-until-killed.ts');
  const env = { ...process.env, REDIS_SETTINGS: JSON.stringify(redis.settings) };
  const child = spawn(process.execPath, [script, workDir, backup.id, verb, point], { env, stdio: 'inherit' });
  const [, killedBy] = (await once(child, 'exit')) as [number | null, string | null];
  expect(killedBy).toBe('SIGKILL');
}
