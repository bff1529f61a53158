import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Amount } from '../../../platform/data/amount.ts';
import { SEEDS } from '../../../platform/seed.ts';
import { startPostgres } from '../../../platform/servers/postgres.ts';
import { startRedis } from '../../../platform/servers/redis.ts';
import type { ThrowawayServer } from '../../../platform/servers/server.ts';

/** Services that start in a second or two, so that every test file has its own. */
export type CheapService = 'postgres' | 'redis' | 'application';

export interface OwnServices extends AsyncDisposable {
  /** The variables by which the program reaches them. */
  readonly environment: Readonly<Record<string, string>>;
  readonly postgres: ThrowawayServer | undefined;
  readonly redis: ThrowawayServer | undefined;
}

const TINY: Amount = { scale: 1, seed: 1 };

/** Starts and fills services that belong to one test file: it may break them. */
export async function startServices(names: readonly CheapService[], amount = TINY): Promise<OwnServices> {
  await using stack = new AsyncDisposableStack();
  const start = async (
    name: CheapService,
    how: () => Promise<ThrowawayServer>,
  ): Promise<ThrowawayServer | undefined> => (names.includes(name) ? stack.use(await how()) : undefined);
  const postgres = await start('postgres', startPostgres);
  const redis = await start('redis', startRedis);
  const environment = {
    ...(await applicationPaths(stack)),
    POSTGRES_DB: 'physics_assistant',
    POSTGRES_USER: 'physics_user',
    PHYSICS_DB_PASSWORD: randomBytes(12).toString('hex'),
    ...postgres?.environment,
    ...redis?.environment,
  };
  await Promise.all(names.map((name) => SEEDS[name](environment, amount)));
  const owned = stack.move();
  return { environment, postgres, redis, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** A directory of its own around them, so that what a restore puts beside them is seen. */
async function applicationPaths(stack: AsyncDisposableStack): Promise<{ APPLICATION_PATHS: string }> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'pbs-files-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const names = ['uploads', 'models'];
  for (const name of names) await mkdir(path.join(directory, name));
  return { APPLICATION_PATHS: names.map((name) => `${name}=${path.join(directory, name)}`).join(',') };
}
