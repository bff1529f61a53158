import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withPostgres } from '../../platform/clients/postgres.ts';
import { destroyPostgres, destroyRedis } from '../../platform/data/destroy.ts';
import {
  fingerprintLargeObjects,
  fingerprintRows,
  fingerprintSequences,
} from '../../platform/fingerprint/postgres/rows.ts';
import { fingerprintRedis } from '../../platform/fingerprint/redis/fingerprint.ts';
import { SEEDS } from '../../platform/seed.ts';
import { oneOff } from './support/one-off.ts';
import { ContainerPlatform } from './support/platform.ts';
import { engine } from './support/rig.ts';
import { Stack } from './support/stack.ts';

/** A platform of newer servers than most run, and backup services built from their images. */
async function openNewer() {
  const name = `pbt-new-${randomBytes(3).toString('hex')}`;
  await using stack = new AsyncDisposableStack();
  const passwords = Object.fromEntries(
    ['POSTGRES_PASSWORD', 'PHYSICS_DB_PASSWORD', 'NEO4J_PASSWORD', 'REDIS_PASSWORD'].map((each) => [
      each,
      randomBytes(12).toString('hex'),
    ]),
  );
  const images = { TEST_POSTGRES: 'postgres:17', TEST_REDIS: 'redis:8', PHYSICS_NETWORK: name };
  const platform = stack.use(new ContainerPlatform(`${name}-platform`, { ...passwords, ...images }));
  await platform.up('postgres', 'redis');
  const settings = {
    ...passwords,
    BACKUP_SERVICES: 'postgres,redis',
    POSTGRES_IMAGE: 'postgres:17',
    REDIS_IMAGE: 'redis:8',
  };
  const services = stack.use(await Stack.prepare({ name, network: name, settings, version: 'test-new' }));
  const environment = {
    ...passwords,
    POSTGRES_HOST: await platform.address('postgres'),
    REDIS_HOST: await platform.address('redis'),
  };
  await Promise.all([SEEDS.postgres, SEEDS.redis].map((seed) => seed(environment, { scale: 1, seed: 1 })));
  await services.mustCompose('up', '--detach', '--wait', '--build', 'postgres-backup', 'redis-backup');
  const owned = stack.move();
  return { name, passwords, environment, services, close: () => owned.disposeAsync() };
}

/** What a client that is older than the server can compare too: the catalogue needs a pg_dump as new. */
async function contents(environment: Readonly<Record<string, string>>) {
  const postgres = await withPostgres(environment, 'superuser', 'physics_assistant', async (client) => ({
    ...(await fingerprintRows(client)),
    ...(await fingerprintSequences(client)),
    ...(await fingerprintLargeObjects(client)),
  }));
  return { postgres, redis: await fingerprintRedis(environment) };
}

describe.runIf(engine)('servers that are newer', () => {
  let newer: Awaited<ReturnType<typeof openNewer>>;
  beforeAll(async () => {
    newer = await openNewer();
  });
  afterAll(async () => {
    await newer.close();
  });

  test('a client older than its server is refused before it begins', async () => {
    const { name, passwords } = newer;
    const { PHYSICS_DB_PASSWORD, POSTGRES_PASSWORD } = passwords;
    const ended = await oneOff(
      {
        image: 'physics-backup/postgres:test',
        network: name,
        environment: { PHYSICS_DB_PASSWORD, POSTGRES_PASSWORD },
      },
      'physics-backup backup postgres daily; echo "code=$?"; find /backups -type f',
    );
    expect(ended.stdout).toContain('code=7\n');
    expect(ended.stderr).toMatch(/^error: postgres: .*15\.\d+.*17\.\d+|^error: postgres: .*17\.\d+.*15\.\d+/m);
    expect(ended.stderr).toMatch(/^hint: /m);
    expect(ended.stdout).not.toContain('.metadata.json');
  });

  test('PostgreSQL 17 and Redis 8 are backed up and recovered by images built from them', async () => {
    const { environment, services } = newer;
    const before = await contents(environment);
    const taken = await services.exec('postgres', '/scripts/scheduler.sh', 'backup', 'all', 'daily');
    expect(taken, taken.stderr).toMatchObject({ code: 0 });
    expect(taken.stdout).toContain(': 2 services');

    await destroyPostgres(environment);
    await destroyRedis(environment);
    const script = '/scripts/restore/disaster_recovery.sh';
    const recovered = await services.exec('postgres', script, 'recover', 'latest');
    expect(recovered, recovered.stderr).toMatchObject({ code: 0 });
    expect(await contents(environment)).toEqual(before);
  });
});
