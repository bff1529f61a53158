/** Commands that make one of everything; the keys of these are few and do not grow with the amount. */
type Command = readonly (string | Buffer)[];

const FAR = 4_102_444_800_000; // 2100-01-01T00:00:00Z, in milliseconds
const BINARY = Buffer.from([0, 255, 13, 10, 0, 128, 34, 92, 192, 193]);
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

const STRINGS: readonly Command[] = [
  ['SET', 'string:empty', ''],
  ['SET', 'string:binary', BINARY],
  ['SET', 'string:integer', '9223372036854775807'],
  ['SET', 'string:negative', '-9223372036854775808'],
  ['SET', 'string:short', '44 characters at most are embedded in Redis'],
  ['SET', 'string:unicode', 'Cafe\u0301 😀 שלום\n\r\t'],
  ['SET', 'string:long', 'physics '.repeat(20_000)],
  ['SET', 'string:float', '3.0e-310'],
  ['SET', 'string:expiring', 'until 2100', 'PXAT', String(FAR + 123)],
  ['SET', BINARY, 'under a binary key'],
  ['SET', '', 'under the empty key'],
  ['SET', 'key with spaces\n{tag} *?[glob]', 'odd name'],
  ['SET', `long:${'k'.repeat(5000)}`, 'long name'],
  ['SETBIT', 'bitmap:days', '7', '1'],
  ['SETBIT', 'bitmap:days', '80001', '1'],
  ['BITFIELD', 'bitfield:counters', 'SET', 'i5', '100', '-7', 'SET', 'u16', '#4', '65535'],
  ['PFADD', 'hyperloglog:few', 'a', 'b', 'c'],
  ['PFADD', 'hyperloglog:many', ...numbers(5000).map((each) => `visitor-${each}`)],
];

const COLLECTIONS: readonly Command[] = [
  ['RPUSH', 'list:small', 'first', '', '2', BINARY, 'first'],
  ['RPUSH', 'list:large', ...numbers(1500).map((each) => `${each}:${'x'.repeat(each % 97)}`)],
  ['RPUSH', 'list:plain', 'y'.repeat(20_000), 'z'],
  ['SADD', 'set:integers', '-9223372036854775808', '0', '65536', '9223372036854775807'],
  ['SADD', 'set:words', 'a', '', BINARY, 'ü'],
  ['SADD', 'set:large', ...numbers(700).map((each) => `member-${each}`)],
  ['HSET', 'hash:small', 'name', 'Zoë', '', 'empty field', 'empty', '', BINARY, BINARY, 'n', '-1'],
  ['HSET', 'hash:large', ...numbers(600).flatMap((each) => [`field-${each}`, `value-${each}`])],
  ['HSET', 'hash:wide', 'text', 'w'.repeat(1000)],
  ['PEXPIREAT', 'hash:wide', String(FAR + 456)],
  ['ZADD', 'zset:scores', '-inf', 'least', 'inf', 'most', '0', 'zero', '-0', 'minus zero', '1e-320', 'denormal'],
  ['ZADD', 'zset:scores', '0.1', 'tenth', '3.141592653589793', 'π', '-17', BINARY, '9007199254740993', 'unsafe'],
  ['ZADD', 'zset:large', ...numbers(300).flatMap((each) => [String(each / 7), `member-${each}`])],
  ['GEOADD', 'geo:labs', '13.404954', '52.520008', 'Berlin', '-0.1276', '51.5072', 'London', '139.69', '35.68', '東京'],
];

const STREAMS: readonly Command[] = [
  ['XADD', 'stream:events', '1700000000000-1', 'kind', 'login', 'who', 'Zoë'],
  ['XADD', 'stream:events', '1700000000000-2', 'kind', 'answer', 'value', BINARY],
  ['XADD', 'stream:events', '1700000000007-0', 'kind', 'answer', 'kind', 'same field twice'],
  ['XADD', 'stream:events', '1700000000009-5', '', ''],
  ['XADD', 'stream:events', '1700000000010-0', 'other', 'fields', 'more', 'of', 'them', '!'],
  ['XADD', 'stream:events', '1700000000099-0', 'gone', 'soon'],
  ['XGROUP', 'CREATE', 'stream:events', 'graders', '0'],
  ['XGROUP', 'CREATE', 'stream:events', 'late', '$', 'ENTRIESREAD', '6'],
  ['XGROUP', 'CREATE', 'stream:events', 'binär \n', '1700000000007-0'],
  ['XGROUP', 'CREATECONSUMER', 'stream:events', 'graders', 'idle'],
  // What XREADGROUP would do, but delivered at a given time.
  claim('1700000000000-1', 'alice', '1700000001000', '1', '1700000000000-1'),
  claim('1700000000000-2', 'alice', '1700000002000', '3', '1700000000000-2'),
  claim('1700000000007-0', 'bob', '1700000003000', '1', '1700000000007-0'),
  claim('1700000000010-0', 'bob', '1700000004000', '7', '1700000000010-0'),
  ['XACK', 'stream:events', 'graders', '1700000000000-1'],
  ['XDEL', 'stream:events', '1700000000007-0', '1700000000099-0'], // the first stays pending
  ['XGROUP', 'CREATE', 'stream:empty', 'waiting', '$', 'MKSTREAM'],
  ['XADD', 'stream:trimmed', '5-1', 'a', '1'],
  ['XADD', 'stream:trimmed', '5-2', 'a', '2'],
  ['XTRIM', 'stream:trimmed', 'MAXLEN', '1'],
  ['XSETID', 'stream:trimmed', '9999999999999-7', 'ENTRIESADDED', '4000', 'MAXDELETEDID', '5-1'],
];

function claim(id: string, consumer: string, time: string, deliveries: string, last: string): Command {
  const options = ['TIME', time, 'RETRYCOUNT', deliveries, 'FORCE', 'LASTID', last];
  return ['XCLAIM', 'stream:events', 'graders', consumer, '0', id, ...options];
}

const FUNCTIONS: readonly Command[] = [
  [
    'FUNCTION',
    'LOAD',
    `#!lua name=grading
-- Noten, 評価
local function grade(keys, args) return redis.call('HSET', keys[1], 'grade', args[1]) end
redis.register_function('grade', grade)
redis.register_function{function_name='best', callback=function() return 1 end, flags={'no-writes', 'allow-stale'}, description='the best'}
`,
  ],
  [
    'FUNCTION',
    'LOAD',
    "#!lua name=counting\nredis.register_function('count_up', function(keys) return redis.call('INCR', keys[1]) end)",
  ],
];

const OTHER_DATABASES: readonly Command[] = [
  ['SELECT', '1'],
  ['SET', 'string:short', 'same name, other database'],
  ['RPUSH', 'queue:mails', 'one', 'two'],
  ['SET', 'lock:nightly', 'held', 'PXAT', String(FAR + 789)],
  ['SELECT', '5'],
  ['HSET', 'limits:alice', 'requests', '17'],
  ['SELECT', '0'],
];

export const EVERY_KEY: readonly Command[] = [...STRINGS, ...COLLECTIONS, ...STREAMS, ...FUNCTIONS, ...OTHER_DATABASES];

/** From Redis 7.4 on. */
export const FIELD_EXPIRY: readonly Command[] = [
  ['HSET', 'hash:fields', 'stays', '1', 'leaves', '2', 'leaves later', '3'],
  ['HPEXPIREAT', 'hash:fields', String(FAR + 1), 'FIELDS', '1', 'leaves'],
  ['HPEXPIREAT', 'hash:fields', String(FAR + 2), 'FIELDS', '1', 'leaves later'],
];
