import { BackupError, throwIfAborted } from '../../base/errors.ts';
import { exact, expiring, type Fact, type Facts } from '../../model/facts.ts';
import type { Context } from '../../model/source.ts';
import type { RedisConnection, RedisReply } from '../../sandbox/redis-connection.ts';
import { COUNT_SCRIPT } from './count-script.ts';
import { keyspace, type KeyCount } from './keyspace.ts';

/**
 * Counts what a sandbox holds: `keys` in all, `keys db0 hash` and `digest db0` over the keys without a time to live,
 * `expiring db0 hash` over the others (as many as still live now), `functions`. Bounded memory; the server is
 * asked in batches. Fails with kind `failed` when the server's own count differs from ours.
 */
export async function countFacts(connection: RedisConnection, context: Context): Promise<Facts> {
  const databases = keyspace(await connection.info('keyspace'));
  const script = String(await connection.send('SCRIPT', 'LOAD', COUNT_SCRIPT));
  const facts: Record<string, Fact> = {};
  let total = 0;
  let done = 0;
  for (const [database, size] of databases) {
    const count = await countDatabase(connection, script, database, context, (keys) =>
      context.progress.bytes(done + keys),
    );
    assertAgrees(database, size, count);
    done += size.keys;
    total += sum(count.persistent);
    for (const [type, keys] of count.persistent) facts[`keys db${database} ${type}`] = exact(keys);
    for (const [type, keys] of count.expiring) facts[`expiring db${database} ${type}`] = expiring(keys);
    if (count.persistent.size > 0) facts[`digest db${database}`] = exact(count.digest);
  }
  return { ...facts, keys: exact(total), functions: exact(await countFunctions(connection)) };
}

/**
 * Keys that were expiring may all be gone by the time a copy is counted: their facts are then missing, which means
 * none. Adds them, so that a comparison does not take them for lost.
 */
export function withExpired(counted: Facts, expected: Facts): Facts {
  const gone = Object.entries(expected).filter(([name, fact]) => fact.certainty === 'expiring' && !(name in counted));
  return { ...counted, ...Object.fromEntries(gone.map(([name]) => [name, expiring(0)])) };
}

/** The functions a server holds; servers before 7.0 have none. */
export async function countFunctions(connection: RedisConnection): Promise<number> {
  const { number_of_functions: functions } = await connection.info('memory');
  return Number(functions ?? 0);
}

interface DatabaseCount {
  readonly persistent: Map<string, number>;
  readonly expiring: Map<string, number>;
  /** 96 bits as hex. */
  readonly digest: string;
}

async function countDatabase(
  connection: RedisConnection,
  script: string,
  database: number,
  context: Context,
  counted: (keys: number) => void,
): Promise<DatabaseCount> {
  const persistent = new Map<string, number>();
  const short = new Map<string, number>();
  const words = [0n, 0n];
  let cursor = '0';
  do {
    throwIfAborted(context.signal);
    const reply = await connection.send('EVALSHA', script, '0', String(database), cursor);
    const [next, ...rest] = reply as readonly RedisReply[];
    cursor = String(next);
    rest.slice(0, 2).forEach((word, index) => (words[index] = ((words[index] ?? 0n) + BigInt(Number(word))) % WORD));
    for (let at = 2; at < rest.length; at += 3) {
      const type = String(rest[at]);
      persistent.set(type, (persistent.get(type) ?? 0) + Number(rest[at + 1]));
      short.set(type, (short.get(type) ?? 0) + Number(rest[at + 2]));
    }
    counted(sum(persistent) + sum(short));
  } while (cursor !== '0');
  const digest = words.map((word) => word.toString(16).padStart(12, '0')).join('');
  return { persistent: positive(persistent), expiring: positive(short), digest };
}

const WORD = 1n << 48n;

function assertAgrees(database: number, size: KeyCount, { persistent }: DatabaseCount): void {
  const counted = sum(persistent);
  if (counted === size.keys - size.expires) return;
  const said = `${size.keys - size.expires} keys without a time to live`;
  throw new BackupError(`redis: counted ${counted} keys in database ${database} of the sandbox, which has ${said}`, {
    kind: 'failed',
  });
}

function positive(counts: Map<string, number>): Map<string, number> {
  return new Map([...counts].filter(([, keys]) => keys > 0));
}

function sum(counts: Map<string, number>): number {
  return [...counts.values()].reduce((total, keys) => total + keys, 0);
}
