import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Facts } from '../../../src/model/facts.ts';
import type { RedisConnection } from '../../../src/sandbox/redis-connection.ts';
import { countFacts, withExpired } from '../../../src/sources/redis/count.ts';
import { type TestContext, testContext } from '../../support/file-backup.ts';
import { fill } from './fill.ts';
import { TestRedis } from './server.ts';

let redis: TestRedis;
let live: RedisConnection;
let context: TestContext;

beforeAll(async () => {
  redis = await TestRedis.start(['appendonly no', 'enable-debug-command local']);
  live = await redis.connect();
  context = await testContext();
});

afterAll(async () => {
  await live[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
  await context[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await live.send('FLUSHALL');
  await fill(redis);
});

const count = (): Promise<Facts> => countFacts(live, context);

test.each([
  ['SET', 'text', 'other'],
  ['APPEND', 'long', 'x'],
  ['RENAME', 'text', 'text2'],
  ['LSET', 'list', '0', 'ONE'],
  ['LSET', 'long list', '2999', 'other'],
  ['LMOVE', 'list', 'list', 'LEFT', 'RIGHT'],
  ['SREM', 'small set', '2'],
  ['SMOVE', 'set', 'small set', 'element 7'],
  ['HSET', 'small hash', 'a', '2'],
  ['HSET', 'hash', 'element 7', 'other'],
  ['ZADD', 'scores', '0.2', 'a'],
  ['ZINCRBY', 'many scores', '1e-9', 'element 2000'],
  ['SETBIT', 'bitmap', '3', '1'],
  ['PFADD', 'visitors', 'd'],
  ['XADD', 'events', '*', 'more', '1'],
  ['XGROUP', 'CREATE', 'events', 'third', '0'],
  ['XGROUP', 'SETID', 'events', 'empty', '0'],
  ['XGROUP', 'DELCONSUMER', 'events', 'graders', 'ben'],
  ['XREADGROUP', 'GROUP', 'graders', 'anna', 'COUNT', '1', 'STREAMS', 'events', '>'],
  ['XSETID', 'gone', '99999999999999-0'],
  ['PERSIST', 'expires'],
  ['EXPIRE', 'text', '100'],
  ['MOVE', 'text', '7'],
  ['FUNCTION', 'FLUSH'],
])('%s %s changes the facts', async (...words) => {
  const before = await count();
  await live.send(...words);
  expect(await count()).not.toEqual(before);
});

test('the order of sets and hashes, the encoding, and a restart change nothing', async () => {
  const before = await count();
  const small = [
    'hash-max-listpack-entries',
    'set-max-intset-entries',
    'zset-max-listpack-entries',
    'list-max-listpack-size',
  ];
  for (const setting of small) await live.send('CONFIG', 'SET', setting, '1');
  await live.send('DEBUG', 'RELOAD');
  expect(await count()).toEqual(before);
  for (const setting of small) await live.send('CONFIG', 'SET', setting, '512');
  const members = (await live.send('SMEMBERS', 'small set')) as string[];
  await live.send('DEL', 'small set');
  await live.send('SADD', 'small set', ...members.toReversed());
  await live.send('HDEL', 'small hash', 'a');
  await live.send('HSET', 'small hash', 'a', '1');
  expect(await count()).toEqual(before);
});

test('many keys are counted to the key', async () => {
  await live.send('FLUSHALL');
  await live.send('EVAL', "for i = 1, 12345 do redis.call('SET', 'key ' .. i, i) end", '0');
  await live.send('EVAL', "for i = 1, 678 do redis.call('SET', 'short ' .. i, i, 'EX', 1000) end", '0');
  expect(await count()).toMatchObject({
    keys: { value: 12_345, certainty: 'exact' },
    'keys db0 string': { value: 12_345, certainty: 'exact' },
    'expiring db0 string': { value: 678, certainty: 'expiring' },
  });
});

test('only facts about what expires may be missing', () => {
  const expected: Facts = {
    keys: { value: 1, certainty: 'exact' },
    'expiring db0 hash': { value: 3, certainty: 'expiring' },
  };
  expect(withExpired({}, expected)).toEqual({ 'expiring db0 hash': { value: 0, certainty: 'expiring' } });
});
