import type { RedisInfo } from '../../sandbox/redis-connection.ts';

export interface KeyCount {
  readonly keys: number;
  /** How many of them have a time to live. */
  readonly expires: number;
}

/** Parses INFO keyspace (`db0:keys=3,expires=1,avg_ttl=0`): databases that hold keys, ascending. */
export function keyspace(info: RedisInfo): Map<number, KeyCount> {
  const databases = Object.entries(info).flatMap(([name, value]) => {
    const database = /^db(\d+)$/.exec(name)?.[1];
    const counts = /^keys=(\d+),expires=(\d+)/.exec(value);
    if (database === undefined || counts === null) return [];
    return [[Number(database), { keys: Number(counts[1]), expires: Number(counts[2]) }] as const];
  });
  return new Map(databases.toSorted(([a], [b]) => a - b));
}
