import { expect, test } from 'vitest';
import { compareFacts } from '../../../src/model/facts.ts';
import { getSetting } from '../../../src/sources/redis/live.ts';
import { redisSource } from '../../../src/sources/redis/source.ts';
import { captureToFiles, FileSafetyCopies, MemoryJournal, testContext } from '../../support/file-backup.ts';
import { fill } from './fill.ts';
import { TestRedis } from './server.ts';

test('every write that was acknowledged during a swap is in the safety copy or in the new data', async () => {
  await using scene = await lostAndStaged();
  const { redis, staged, context, safety } = scene;
  const driver = await redis.driver();
  const swapped = new AbortController();
  let acknowledged = 0;
  const writing = (async () => {
    for (; !swapped.signal.aborted; acknowledged += 1) await driver.incr('written');
  })();
  await staged.swap(context);
  swapped.abort();
  await writing;
  const since = Number((await driver.get('written'))?.toString() ?? 0);
  await driver.sendCommand(['SET', 'since', '1']);
  driver.destroy();
  await staged.rollback(context);
  const before = await redis.driver();
  const kept = Number((await before.get('written'))?.toString() ?? 0);
  before.destroy();
  expect(kept + since).toBe(acknowledged);
  expect(since).toBeGreaterThan(0);
  expect(safety.taken).toBe(1);
});

test.each([
  ['appendonly no', 'save 3600 1'],
  ['appendonly yes', 'save 3600 1'],
])('with %s and %s, a live server killed right after the swap comes back with the restored data', async (...lines) => {
  await using scene = await lostAndStaged(lines);
  await scene.staged.swap(scene.context);
  await scene.redis.kill();
  await scene.redis.up();
  expect(await scene.redis.contents()).toEqual(scene.captured);
});

test('a password for masters that the live server has stays as it is', async () => {
  await using scene = await lostAndStaged(['masterauth "its own"', 'masteruser copier', 'replica-read-only no']);
  await scene.staged.swap(scene.context);
  expect(await scene.redis.contents()).toEqual(scene.captured);
  await using live = await scene.redis.connect();
  expect(await getSetting(live, 'masterauth')).toBe('its own');
  expect(await getSetting(live, 'masteruser')).toBe('copier');
  expect(await getSetting(live, 'replica-read-only')).toBe('no');
  expect(JSON.stringify([scene.journal.notes, scene.journal.handles])).not.toContain('its own');
});

test('all verbs may be called again', async () => {
  await using scene = await lostAndStaged();
  const { staged, context, safety, redis } = scene;
  await staged.swap(context);
  await staged.swap(context);
  expect(safety.taken).toBe(1);
  expect(await redis.contents()).toEqual(scene.captured);
  await staged.finish(context);
  await staged.finish(context);
  expect(await staged.state(context)).toBe('finished');
});

test('a restore that is discarded, or rolled back before its swap, changes nothing', async () => {
  await using scene = await lostAndStaged();
  const { staged, context, safety, redis } = scene;
  const before = await redis.contents();
  await staged.rollback(context);
  await staged.discard(context);
  await staged.discard(context);
  expect(await staged.state(context)).toBe('rolled-back');
  expect(await redis.contents()).toEqual(before);
  expect(safety.taken).toBe(0);
});

test('keys that expire between capture and restore are no difference', async () => {
  await using redis = await TestRedis.start();
  await using context = await testContext();
  await fill(redis, 15);
  const source = redisSource(redis.settings);
  const backup = await captureToFiles(source, context.workDir, context);
  expect(backup.facts).toMatchObject({ 'expiring db0 string': { value: 1, certainty: 'expiring' } });
  await using live = await redis.connect();
  while ((await live.send('EXISTS', 'expires')) === 1) await new Promise((resolve) => setTimeout(resolve, 50));
  const now = await redis.contents();
  expect(await source.checkContent(backup, context)).toEqual({ errors: [], warnings: [] });
  const safety = new FileSafetyCopies(source, context.workDir, [backup]);
  const request = { chain: [backup], target: 'live' } as const;
  await using staged = await source.stage(request, new MemoryJournal(), safety, context);
  expect(compareFacts(backup.facts, await staged.facts(context))).toEqual([]);
  await staged.swap(context);
  expect(await redis.contents()).toEqual(now);
});

test('an empty server is captured and restored', async () => {
  await using redis = await TestRedis.start();
  await using context = await testContext();
  const source = redisSource(redis.settings);
  const backup = await captureToFiles(source, context.workDir, context);
  expect(backup.facts).toEqual({
    keys: { value: 0, certainty: 'exact' },
    functions: { value: 0, certainty: 'exact' },
  });
  const before = await redis.contents();
  await fill(redis);
  const safety = new FileSafetyCopies(source, context.workDir, [backup]);
  const request = { chain: [backup], target: 'live' } as const;
  await using staged = await source.stage(request, new MemoryJournal(), safety, context);
  await staged.swap(context);
  expect(await redis.contents()).toEqual(before);
});

/** A filled server that was captured, has lost everything, and whose backup is staged. */
async function lostAndStaged(lines: readonly string[] = ['appendonly yes']) {
  await using stack = new AsyncDisposableStack();
  const redis = stack.use(await TestRedis.start(lines));
  const context = stack.use(await testContext());
  await fill(redis);
  const source = redisSource(redis.settings);
  const backup = await captureToFiles(source, context.workDir, context);
  const captured = await redis.contents();
  await using live = await redis.connect();
  await live.send('FLUSHALL');
  const safety = new FileSafetyCopies(source, context.workDir, [backup]);
  const journal = new MemoryJournal();
  const staged = stack.use(await source.stage({ chain: [backup], target: 'live' }, journal, safety, context));
  const owned = stack.move();
  return {
    redis,
    context,
    source,
    captured,
    safety,
    journal,
    staged,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
