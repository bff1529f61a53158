import path from 'node:path';
import { seedApplication } from '../platform/data/application/seed.ts';
import type { Amount } from '../platform/data/amount.ts';
import { seedNeo4j } from '../platform/data/neo4j/seed.ts';
import { seedPostgres } from '../platform/data/postgres/seed.ts';
import { seedRedis } from '../platform/data/redis/seed.ts';

type Environment = Readonly<Record<string, string>>;

/** A shell command line, as somebody would type it who has only the raw tools. */
export interface RawTool {
  readonly name: string;
  readonly script: string;
}

/** What one service is measured against. */
export interface Subject {
  readonly service: 'postgres' | 'neo4j' | 'redis' | 'application';
  /** At this scale the raw tools take about ten seconds on two cores. */
  readonly scale: number;
  readonly seed: (environment: Environment, amount: Amount) => Promise<void>;
  /** Undefined where there is no raw tool that does the same without stopping the server. */
  readonly backup: RawTool | undefined;
  readonly restore: RawTool | undefined;
  /** Median ratio that must not be exceeded; undefined: measured and reported. */
  readonly targets: { readonly backup?: number; readonly restore?: number };
}

const SEAL = 'zstd -q -T0 -3 | openssl enc -aes-256-cbc -pbkdf2 -pass env:BENCH_KEY';
const OPEN = 'openssl enc -d -aes-256-cbc -pbkdf2 -pass env:BENCH_KEY';

export const SUBJECTS: readonly Subject[] = [
  {
    service: 'postgres',
    scale: 12_000,
    seed: seedPostgres,
    backup: {
      name: 'pg_dump -Fc -Z0 | zstd -T0 -3 | openssl enc',
      script: `PGPASSWORD=$PHYSICS_DB_PASSWORD pg_dump -Fc -Z0 -h $POSTGRES_HOST -p $POSTGRES_PORT -U $POSTGRES_USER $POSTGRES_DB | ${SEAL} > $BENCH_DIR/raw.dump`,
    },
    restore: {
      name: 'openssl | zstd -d, pg_restore -j2',
      script: `export PGPASSWORD=$POSTGRES_PASSWORD PGHOST=$POSTGRES_HOST PGPORT=$POSTGRES_PORT PGUSER=$POSTGRES_SUPERUSER
        psql -q -d postgres -c 'DROP DATABASE IF EXISTS bench_raw' -c 'CREATE DATABASE bench_raw TEMPLATE template0'
        ${OPEN} < $BENCH_DIR/raw.dump | zstd -q -d > $BENCH_DIR/raw.plain
        pg_restore -j2 -d bench_raw $BENCH_DIR/raw.plain`,
    },
    targets: { backup: 1.1, restore: 1.15 },
  },
  {
    service: 'application',
    scale: 15_000,
    seed: seedApplication,
    backup: {
      name: 'tar | zstd -T0 -3 | openssl enc',
      script: `tar -c -C $BENCH_APPLICATION . | ${SEAL} > $BENCH_DIR/raw.tar`,
    },
    restore: {
      name: 'openssl | zstd -d | tar -x',
      script: `rm -rf $BENCH_DIR/x; mkdir $BENCH_DIR/x; ${OPEN} < $BENCH_DIR/raw.tar | zstd -q -d | tar -x -C $BENCH_DIR/x`,
    },
    targets: { backup: 1.15 },
  },
  {
    service: 'redis',
    scale: 3000,
    seed: seedRedis,
    backup: {
      name: 'redis-cli --rdb - | zstd -T0 -3 | openssl enc',
      script: `REDISCLI_AUTH=$REDIS_PASSWORD redis-cli -h $REDIS_HOST -p $REDIS_PORT --rdb - 2>/dev/null | ${SEAL} > $BENCH_DIR/raw.rdb`,
    },
    restore: undefined,
    targets: {},
  },
  {
    service: 'neo4j',
    scale: 600,
    seed: seedNeo4j,
    backup: {
      name: 'bare streaming by the driver',
      script: `${process.execPath} ${path.join(import.meta.dirname, 'neo4j-streaming.ts')}`,
    },
    restore: undefined,
    targets: {},
  },
];
