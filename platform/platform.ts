import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { throwIfAborted } from '../src/base/errors.ts';
import { type Amount, parseAmount } from './data/amount.ts';
import { claimDirectory, tearDown, writeState } from './directory.ts';
import { SEEDS } from './seed.ts';
import { startNeo4j } from './servers/neo4j.ts';
import { startPostgres } from './servers/postgres.ts';
import { startRedis } from './servers/redis.ts';
import { processesIn } from './servers/runner.ts';
import type { ThrowawayServer } from './servers/server.ts';

export interface PlatformOptions {
  /** New or empty; without it, a temporary directory. */
  readonly directory?: string | undefined;
  /** A name or number as `parseAmount` reads it; undefined leaves everything empty, without roles or database. */
  readonly size: string | undefined;
  readonly seed: number;
  /** Outlives us, until `down`; otherwise the servers are killed when the thread that started them ends. */
  readonly detached: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Told of each step. */
  readonly log?: ((line: string) => void) | undefined;
}

/** A physics platform of our own: three servers and application files. Disposing is `down()`. */
export interface Platform extends AsyncDisposable {
  readonly directory: string;
  /** The variables of the deployment guide with which the CLI finds everything. */
  readonly environment: Readonly<Record<string, string>>;
  readonly servers: Readonly<Record<ServerName, ThrowawayServer>>;
  /** Ends the servers and removes the directory; may be called again. */
  down(): Promise<void>;
}

type ServerName = 'postgres' | 'neo4j' | 'redis';

const START = { postgres: startPostgres, neo4j: startNeo4j, redis: startRedis };

/** What Neo4j needs for so much data: 1 GiB from 100 MB on, 2 GiB for gigabytes. */
function heapMegabytes({ scale }: Amount): number {
  if (scale < 300) return 512;
  return scale < 5000 ? 1024 : 2048;
}

/** Starts and fills the platform. What fails leaves neither a process nor a file. */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const amount = options.size === undefined ? undefined : parseAmount(options.size, options.seed);
  const directory = await claimDirectory(options.directory);
  try {
    const paths = await layOut(directory);
    const servers = await startServers(directory, amount, options);
    const environment = Object.assign(paths, ...Object.values(servers).map((each) => each.environment)) as Record<
      string,
      string
    >;
    if (amount !== undefined) await fill(environment, amount, options);
    await writeState(directory, { environment });
    const down = async (): Promise<void> => void (await tearDown(directory));
    return { directory, environment, servers, down, [Symbol.asyncDispose]: down };
  } catch (thrown) {
    await endUnrecorded(directory);
    await tearDown(directory);
    throw thrown;
  }
}

/** The directories of the deployment guide, all in one place, and the names of things inside the servers. */
async function layOut(directory: string): Promise<Record<string, string>> {
  const at = (...names: string[]): string => path.join(directory, ...names);
  const paths = {
    BACKUP_DIR: at('backups'),
    SECRETS_DIR: at('secrets'),
    LOG_DIR: at('logs'),
    STATE_DIR: at('state'),
  };
  const application = ['uploads', 'models'].map((name) => [name, at('application', name)] as const);
  for (const [, each] of application) await mkdir(each, { recursive: true });
  for (const each of Object.values(paths)) await mkdir(each, { mode: 0o700 });
  return {
    ...paths,
    APPLICATION_PATHS: application.map(([name, each]) => `${name}=${each}`).join(','),
    POSTGRES_DB: 'physics_assistant',
    POSTGRES_USER: 'physics_user',
    PHYSICS_DB_PASSWORD: randomBytes(12).toString('hex'),
  };
}

/** A start that is cancelled may leave a server that has not said its pid yet; it works in its own directory. */
async function endUnrecorded(directory: string): Promise<void> {
  for (const name of Object.keys(START)) {
    for (;;) {
      const pids = await processesIn(path.join(directory, name));
      if (pids.length === 0) break;
      for (const pid of pids) endNow(pid);
      await delay(50);
    }
  }
}

function endNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended
  }
}

/** All at once; when one fails the others are let finish, so that none is missed by what tears down. */
async function startServers(
  directory: string,
  amount: Amount | undefined,
  options: PlatformOptions,
): Promise<Platform['servers']> {
  const { signal, detached } = options;
  const heap = amount === undefined ? {} : { heapMegabytes: heapMegabytes(amount) };
  const start = (name: ServerName): Promise<ThrowawayServer> =>
    timed(name, 'up', options, () => START[name]({ directory: path.join(directory, name), signal, detached, ...heap }));
  const [postgres, neo4j, redis] = await allSettledOrThrow([start('postgres'), start('neo4j'), start('redis')]);
  return { postgres, neo4j, redis } as Platform['servers'];
}

async function fill(environment: Record<string, string>, amount: Amount, options: PlatformOptions): Promise<void> {
  if (options.signal !== undefined) throwIfAborted(options.signal);
  await allSettledOrThrow(
    Object.entries(SEEDS).map(([name, seed]) => timed(name, 'filled', options, () => seed(environment, amount))),
  );
}

async function timed<T>(name: string, what: string, options: PlatformOptions, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  options.log?.(`${name} ${what} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  return result;
}

async function allSettledOrThrow<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
