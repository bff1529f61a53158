import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { textOf, withRedis } from '../../platform/clients/redis.ts';
import { SEEDS } from '../../platform/seed.ts';
import { type Service, SERVICES } from '../../src/model/vocabulary.ts';
import { docker, engineAnswers, must } from './support/docker.ts';
import { type Peak, watchMemory } from './support/memory.ts';
import { ContainerPlatform } from './support/platform.ts';
import { Stack } from './support/stack.ts';

const FULL = process.env['PHYSICS_BACKUP_CAMPAIGN'] === 'full';
/** At these scales a capture is 2 GB before it is compressed; a sample is a fortieth. */
const SCALES: Readonly<Record<Service, number>> = {
  postgres: 18_000,
  neo4j: 200_000,
  redis: 74_000,
  application: 14_000,
};
const SHARE = FULL ? 1 : 1 / 40;
const CHOSEN = SERVICES.filter((each) => process.env['PHYSICS_BACKUP_SERVICES']?.split(',').includes(each) ?? true);
const SERVERS = CHOSEN.filter((each) => each !== 'application');

const engine = await engineAnswers();
if (!engine) process.stderr.write('not run: test/containers/memory.campaign.ts: no Docker engine answers\n');
if (!engine && process.env['CI'] === 'true') throw new Error('not run: no Docker engine answers');

/** A platform without data, and the backup services beside it. */
async function open() {
  const name = `pbt-mem-${randomBytes(3).toString('hex')}`;
  await using stack = new AsyncDisposableStack();
  const names = ['POSTGRES_PASSWORD', 'PHYSICS_DB_PASSWORD', 'NEO4J_PASSWORD', 'REDIS_PASSWORD'];
  const passwords = Object.fromEntries(names.map((each) => [each, randomBytes(12).toString('hex')]));
  const platform = stack.use(new ContainerPlatform(`${name}-platform`, { ...passwords, PHYSICS_NETWORK: name }));
  if (SERVERS.length > 0) await platform.up(...SERVERS);
  else {
    await docker('network', 'create', name);
    stack.defer(async () => void (await docker('network', 'rm', name)));
  }
  const settings = {
    ...passwords,
    BACKUP_SERVICES: CHOSEN.join(','),
    REDIS_BACKUP_MEMORY: FULL ? '6g' : '512m', // two sandboxes, while a restore keeps what it replaces
    BACKUP_TIMEOUT: '14400',
  };
  const services = stack.use(await Stack.prepare({ name, network: name, settings }));
  const application = path.join(services.directory, 'application');
  const environment = {
    ...passwords,
    ...Object.fromEntries(
      await Promise.all(
        SERVERS.map(async (each) => [`${each.toUpperCase()}_HOST`, await platform.address(each)] as const),
      ),
    ),
    APPLICATION_PATHS: `uploads=${application}/uploads,models=${application}/models`,
  };
  await services.mustCompose('--profile', 'restore', 'build');
  const daemons = CHOSEN.map((each) => `${each}-backup`);
  await services.mustCompose('up', '--detach', '--wait', 'backup-monitor', ...daemons);
  const owned = stack.move();
  return { name, environment, services, close: () => owned.disposeAsync() };
}

interface Taken {
  readonly id: string;
  readonly gigabytes: number;
}

/** The backup that is named, and how much it holds before compression: of Redis, what its server takes in memory. */
async function takenIn(stdout: string, stack: Stack, environment: Readonly<Record<string, string>>): Promise<Taken> {
  const [id = '', service = '', type = ''] = /(\w+?)_(\w+?)_\d{8}_\d{6}/.exec(stdout) ?? [];
  if (service === 'redis') return { id, gigabytes: await redisGigabytes(environment) };
  const file = path.join(stack.directory, 'backups', service, type, `${id}.metadata.json`);
  const [manifest = ''] = (await readFile(file, 'utf8')).split('\n');
  const sizes = [...manifest.matchAll(/"plainBytes":(\d+)/g)].map(([, bytes]) => Number(bytes));
  return { id, gigabytes: sizes.reduce((a, b) => a + b, 0) / 1e9 };
}

function redisGigabytes(environment: Readonly<Record<string, string>>): Promise<number> {
  return withRedis(environment, async (send) => {
    const [, bytes] = /^used_memory:(\d+)/m.exec(textOf(await send('INFO', 'memory'))) ?? [];
    return Number(bytes) / 1e9;
  });
}

function say(what: string, peaks: ReadonlyMap<string, Peak>): void {
  for (const [container, { processesMiB, withCacheMiB, limitMiB, killed }] of peaks) {
    const figures = [processesMiB, withCacheMiB, limitMiB].map((each) => each.toFixed(0));
    process.stdout.write(`${what}: ${container}: ${figures.join(' / ')} MiB (processes / with cache / limit)`);
    process.stdout.write(killed === 0 ? '\n' : `, ${killed} killed\n`);
  }
}

describe.runIf(engine)('each container stays within its memory', () => {
  let at: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    at = await open();
  });
  afterAll(async () => {
    await at.close();
  });

  async function watched<T>(what: string, containers: readonly string[], work: () => Promise<T>): Promise<T> {
    const watch = watchMemory(...containers);
    try {
      return await work();
    } finally {
      const peaks = await watch.stop();
      say(what, peaks);
      expect([...peaks.keys()].toSorted()).toEqual([...containers].toSorted());
      expect([...peaks.values()].map(({ killed }) => killed)).toEqual(containers.map(() => 0));
      for (const { processesMiB, limitMiB } of peaks.values()) expect(processesMiB).toBeLessThan(limitMiB);
    }
  }

  test.each(CHOSEN)('%s', async (service) => {
    const { services, environment, name } = at;
    await SEEDS[service](environment, { scale: SCALES[service] * SHARE, seed: 1 });
    await must(['chown', '-hR', '--from=0', '1000:1000', path.join(services.directory, 'application')]);
    const daemon = services.container(service);
    const taken = await watched(`${service} backup`, [daemon, services.container('monitor')], async () => {
      const ended = await services.exec(service, '/scripts/scheduler.sh', 'backup', service, 'manual');
      expect(ended, ended.stderr).toMatchObject({ code: 0 });
      return await takenIn(ended.stdout, services, environment);
    });
    process.stdout.write(`${service}: ${taken.gigabytes.toFixed(2)} GB\n`);
    expect(taken.gigabytes).toBeGreaterThan(2 * SHARE * 0.9);

    const restore = `${name}-restore`;
    const helper = `${name}-application-helper`;
    await watched(`${service} restore`, [daemon, restore, helper], async () => {
      const words = ['run', '--rm', '--name', restore, 'backup-restore'];
      const ended = await services.compose(...words, 'restore', taken.id);
      expect(ended, ended.stderr).toMatchObject({ code: 0 });
    });
    const finished = await services.compose('run', '--rm', 'backup-restore', 'recover', 'finish');
    expect(finished, finished.stderr).toMatchObject({ code: 0 });
  });
});
