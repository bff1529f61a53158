import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listOf, type Send, withRedis } from '../../platform/clients/redis.ts';
import { destroyRedis } from '../../platform/data/destroy.ts';
import { seedRedis } from '../../platform/data/redis/seed.ts';
import { differingNames } from '../../platform/fingerprint/compare.ts';
import type { Fingerprint } from '../../platform/fingerprint/fingerprint.ts';
import { fingerprintRedis } from '../../platform/fingerprint/redis/fingerprint.ts';
import { type OwnServices, startServices } from '../support/system/own-services.ts';

let services: OwnServices;
let before: Fingerprint;

beforeAll(async () => {
  services = await startServices(['redis']);
  before = await fingerprintRedis(services.environment);
});
afterAll(() => services[Symbol.asyncDispose]());

function withServer(work: (send: Send) => Promise<unknown>): Promise<unknown> {
  return withRedis(services.environment, work);
}

/** What differs since the last call; the state now is what the next is compared with. */
async function changed(): Promise<string[]> {
  const after = await fingerprintRedis(services.environment);
  const names = differingNames(before, after);
  before = after;
  return names;
}

const STREAM = 'db0 "stream:events" stream';

describe('names exactly what was changed', () => {
  test.each<[what: string, commands: string[][], names: string[]]>([
    ['one bit', [['SETBIT', 'bitmap:days', '9', '1']], ['db0 "bitmap:days" string']],
    ['a byte in a binary key', [['SETRANGE', 'string:binary', '0', '\u0001']], ['db0 "string:binary" string']],
    [
      'an expiry, by a millisecond',
      [['PEXPIREAT', 'string:expiring', '4102444800124']],
      ['db0 "string:expiring" string'],
    ],
    ['an expiry removed', [['PERSIST', 'hash:wide']], ['db0 "hash:wide" hash']],
    ['an expiry of one among many', [['PEXPIREAT', 'session:1', '4102444800124']], ['db0 "session:#" hash']],
    ['a field', [['HSET', 'hash:small', 'n', '-2']], ['db0 "hash:small" hash']],
    ['a member', [['SREM', 'set:large', 'member-17']], ['db0 "set:large" set']],
    [
      'a score, in its last digit',
      [['ZADD', 'zset:scores', '0.10000000000000002', 'tenth']],
      ['db0 "zset:scores" zset'],
    ],
    ['the order of a list', [['RPOPLPUSH', 'list:large', 'list:large']], ['db0 "list:large" list']],
    ['a position', [['GEOADD', 'geo:labs', '13.41', '52.520008', 'Berlin']], ['db0 "geo:labs" zset']],
    ['a visitor counted', [['PFADD', 'hyperloglog:few', 'd']], ['db0 "hyperloglog:few" string']],
    ['a stream entry', [['XDEL', 'stream:events', '1700000000009-5']], [STREAM]],
    ['a pending entry acknowledged', [['XACK', 'stream:events', 'graders', '1700000000000-2']], [STREAM]],
    ['a pending entry counted', [claim('1700000000010-0', 'bob', '1700000004000', '8')], [STREAM]],
    ['a pending entry delivered later', [claim('1700000000010-0', 'bob', '1700000004001', '8')], [STREAM]],
    ['a pending entry of another', [claim('1700000000010-0', 'idle', '1700000004001', '8')], [STREAM]],
    ['a consumer', [['XGROUP', 'DELCONSUMER', 'stream:events', 'graders', 'alice']], [STREAM]],
    ['the position of a group', [['XGROUP', 'SETID', 'stream:events', 'late', '1700000000000-2']], [STREAM]],
    ['the last id of a stream', [['XSETID', 'stream:trimmed', '9999999999999-8']], ['db0 "stream:trimmed" stream']],
    ['an empty stream', [['DEL', 'stream:empty']], ['db0 "stream:empty" stream']],
    ['the key without a name', [['SET', '', '']], ['db0 "" string']],
    ['a key named alike', [['RENAME', 'recent:7', 'recent:8']], ['db0 "recent:#" list']],
    [
      'another type',
      [
        ['DEL', 'string:short'],
        ['RPUSH', 'string:short', 'x'],
      ],
      ['db0 "string:short" list', 'db0 "string:short" string'],
    ],
    ['another database', [['MOVE', 'string:long', '9']], ['db0 "string:long" string', 'db9 "string:long" string']],
    [
      'a function',
      [
        [
          'FUNCTION',
          'LOAD',
          'REPLACE',
          "#!lua name=counting\nredis.register_function('count_up', function() return 2 end)",
        ],
      ],
      ['function library counting'],
    ],
    ['a library', [['FUNCTION', 'DELETE', 'grading']], ['function library grading']],
  ])('%s', async (_, commands, names) => {
    await withServer(async (send) => {
      for (const command of commands) await send(...command);
    });
    expect(await changed()).toEqual(names);
  });
});

function claim(id: string, consumer: string, time: string, deliveries: string): string[] {
  return ['XCLAIM', 'stream:events', 'graders', consumer, '0', id, 'TIME', time, 'RETRYCOUNT', deliveries];
}

describe('finds nothing where nothing changed', () => {
  test('every key taken out and put back, in reverse, stored differently', async () => {
    await withServer(async (send) => {
      for (const name of ['hash-max-listpack-entries', 'zset-max-listpack-entries', 'set-max-intset-entries'])
        await send('CONFIG', 'SET', name, '2');
      const keys = listOf(await send('KEYS', '*')) as Buffer[];
      for (const key of keys.toReversed()) {
        const expiry = Number(await send('PEXPIRETIME', key));
        const dump = (await send('DUMP', key)) as Buffer;
        await send('DEL', key);
        await send('RESTORE', key, expiry < 0 ? '0' : String(expiry), dump, 'ABSTTL');
      }
      await send('DEL', 'set:integers');
      await send('SADD', 'set:integers', '9223372036854775807', '65536', '0', '-9223372036854775808');
    });
    expect(await changed()).toEqual([]);
  });

  test('a restart from disk', async () => {
    await withServer((send) => send('BGREWRITEAOF'));
    await services.redis?.stop();
    await services.redis?.start();
    expect(await changed()).toEqual([]);
  });
});

/** What differs from the data before. */
async function reseed(seed: number): Promise<string[]> {
  await destroyRedis(services.environment);
  await seedRedis(services.environment, { scale: 1, seed });
  return changed();
}

test('the same seed gives the same data, another seed other data', async () => {
  await reseed(7);
  expect(await reseed(7)).toEqual([]);
  const bulk = ['cache:answer:#" string', 'ranking:#" zset', 'recent:#" list', 'session:#" hash'];
  expect(await reseed(8)).toEqual(expect.arrayContaining(bulk.map((name) => `db0 "${name}`)));
});

test('the disaster leaves nothing', async () => {
  await destroyRedis(services.environment);
  expect(await fingerprintRedis(services.environment)).toEqual({});
});
