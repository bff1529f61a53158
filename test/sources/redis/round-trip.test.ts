import { expect, test } from 'vitest';
import { compareFacts } from '../../../src/model/facts.ts';
import { redisSource } from '../../../src/sources/redis/source.ts';
import { captureToFiles, FileSafetyCopies, MemoryJournal, testContext } from '../../support/file-backup.ts';
import { fill } from './fill.ts';
import { TestRedis } from './server.ts';

test('what was captured, lost and restored is the same value by value', async () => {
  await using redis = await TestRedis.start();
  await using context = await testContext();
  await fill(redis);
  const source = redisSource(redis.settings);
  const before = await redis.contents();

  const backup = await captureToFiles(source, context.workDir, context);
  expect(await source.checkContent(backup, context)).toEqual({ errors: [], warnings: [] });

  const driver = await redis.driver();
  await driver.sendCommand(['FLUSHALL']);
  await driver.sendCommand(['FUNCTION', 'FLUSH']);
  await driver.set('written', 'after the backup');
  driver.destroy();
  const journal = new MemoryJournal();
  const safety = new FileSafetyCopies(source, context.workDir, [backup]);
  await using staged = await source.stage({ chain: [backup], target: 'live' }, journal, safety, context);
  expect(await staged.state(context)).toBe('staged');
  expect(compareFacts(backup.facts, await staged.facts(context))).toEqual([]);
  const lost = await redis.contents();
  await staged.swap(context);
  expect(await staged.state(context)).toBe('swapped');
  expect(await redis.contents()).toEqual(before);

  await redis.kill();
  await redis.up();
  expect(await redis.contents()).toEqual(before);

  await staged.rollback(context);
  expect(await staged.state(context)).toBe('rolled-back');
  expect(await redis.contents()).toEqual(lost);
});
