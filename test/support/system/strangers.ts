import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { applicationDirectories } from '../../../platform/clients/application.ts';
import { platformDatabase, withPostgres } from '../../../platform/clients/postgres.ts';
import { mapOf, type Send, textOf, withRedis } from '../../../platform/clients/redis.ts';
import type { Service } from '../../../src/model/vocabulary.ts';
import type { Site } from './site.ts';

/** What a restore put beside the live data and did not take away again: one look for each service. */
const LOOKS: Readonly<Partial<Record<Service, (environment: Site['environment']) => Promise<string[]>>>> = {
  postgres: databases,
  redis: redisState,
  application: siblings,
};

/** Sentences; [] when each live service stands alone, as its platform made it. A service that is down has none. */
export async function strangersOf({ services, environment }: Site): Promise<string[]> {
  const found = await Promise.all(
    services.map((service) => LOOKS[service]?.(environment).catch(unlessDown) ?? Promise.resolve([])),
  );
  return found.flat();
}

function unlessDown(error: unknown): string[] {
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'ECONNREFUSED' || /ECONNREFUSED|Socket closed/.test(message ?? '')) return [];
  throw error;
}

async function databases(environment: Site['environment']): Promise<string[]> {
  const own = platformDatabase(environment);
  return await withPostgres(environment, 'superuser', 'postgres', async (client) => {
    const { rows } = await client.query<{ name: string; open: boolean }>(
      `SELECT datname::text AS name, datallowconn AS open FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'`,
    );
    return rows.flatMap(({ name, open }) => {
      if (name !== own) return [`database ${name} beside the live one`];
      return open ? [] : [`the live database ${name} refuses connections`];
    });
  });
}

/** What replication borrows must have been given back, and writers let go. */
async function redisState(environment: Site['environment']): Promise<string[]> {
  return await withRedis(environment, async (send) => {
    const replication = textOf(await send('INFO', 'replication'));
    const password = textOf(mapOf(await send('CONFIG', 'GET', 'masterauth')).get('masterauth'));
    const isMaster = replication.includes('role:master');
    const paused = isMaster && !(await writes(send)); // a replica refuses
    return [
      ...(isMaster ? [] : ['redis is a replica']),
      ...(password === '' ? [] : ['redis kept a password for masters']),
      ...(paused ? ['redis holds writers back'] : []),
    ];
  });
}

const PROBE = 'probe-of-the-tests';

/** Redis 7.0 does not tell whether CLIENT PAUSE is on; a writer notices, be there anything to delete or not. */
async function writes(send: Send): Promise<boolean> {
  const wrote = (async () => {
    await send('DEL', PROBE);
    return true;
  })();
  return await Promise.race([wrote, delay(3000, false)]);
}

async function siblings(environment: Site['environment']): Promise<string[]> {
  const own = applicationDirectories(environment).map((each) => each.path);
  const parents = [...new Set(own.map((each) => path.dirname(each)))];
  const found = await Promise.all(
    parents.map(async (parent) => (await readdir(parent)).map((name) => path.join(parent, name))),
  );
  return found
    .flat()
    .filter((each) => !own.includes(each))
    .map((each) => `beside the live directories: ${each}`);
}
