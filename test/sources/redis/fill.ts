import type { TestRedis } from './server.ts';

/** Binary, not valid UTF-8, with a NUL and a line end. */
const BINARY = Buffer.from([0, 255, 254, 10, 13, 195, 40, 0]);

const LIBRARY = `#!lua name=physics
redis.register_function('gravity', function() return '9.81' end)
redis.register_function{function_name='speed', callback=function() return 1 end, flags={'no-writes'}}`;

/** Every type, small and large encodings, binary, several databases, expiry, functions. */
export async function fill(redis: TestRedis, expireSeconds = 3600): Promise<void> {
  const first = await redis.driver();
  await first.sendCommand(['FUNCTION', 'LOAD', 'REPLACE', LIBRARY]);
  await first.set('text', 'häßlich 物理');
  await first.set(BINARY, BINARY);
  await first.set('number', '12345');
  await first.set('long', 'x'.repeat(100_000));
  await first.set('expires', 'soon', { EX: expireSeconds });
  await first.setBit('bitmap', 100_003, 1);
  await first.pfAdd('visitors', ['a', 'b', 'c']);
  await first.geoAdd('labs', [{ longitude: 13.361389, latitude: 38.115556, member: 'Palermo' }]);
  await first.rPush('list', ['one', 'two', BINARY, 'two']);
  await first.rPush('long list', many(3000));
  await first.sAdd('small set', ['1', '2', '3']);
  await first.sAdd('set', many(3000));
  await first.hSet('small hash', { a: '1', b: '' });
  await first.hSet('hash', Object.fromEntries(many(2500).map((name) => [name, `value of ${name}`])));
  await first.zAdd('scores', [
    { score: 0.1, value: 'a' },
    { score: -0, value: 'zero' },
    { score: Infinity, value: 'all' },
  ]);
  await first.zAdd(
    'many scores',
    many(2500).map((value, at) => ({ score: at / 3, value })),
  );
  await fillStream(first);
  await fillDatabases(redis, expireSeconds);
  first.destroy();
}

async function fillStream(driver: Awaited<ReturnType<TestRedis['driver']>>): Promise<void> {
  for (let at = 0; at < 50; at += 1) await driver.xAdd('events', '*', { at: String(at), raw: BINARY });
  await driver.xGroupCreate('events', 'graders', '0');
  await driver.xReadGroup('graders', 'anna', [{ key: 'events', id: '>' }], { COUNT: 7 });
  await driver.xReadGroup('graders', 'ben', [{ key: 'events', id: '>' }], { COUNT: 3 });
  await driver.xGroupCreate('events', 'empty', '$');
  await driver.xAdd('gone', '*', { a: '1' });
  await driver.xTrim('gone', 'MAXLEN', 0);
}

async function fillDatabases(redis: TestRedis, expireSeconds: number): Promise<void> {
  const third = await redis.driver(3);
  await third.hSet('session', { user: '7' });
  await third.expire('session', expireSeconds);
  third.destroy();
  const last = await redis.driver(15);
  await last.set('alone', 'in the last database');
  last.destroy();
}

function many(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `element ${at}`);
}
