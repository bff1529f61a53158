import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { SCHEDULES } from '../../src/config/schedules.ts';
import { SCHEMA, variablesOf } from '../../src/config/schema.ts';
import { loadConfiguration } from '../../src/config/load.ts';
import { inspect, must } from './support/docker.ts';
import { engine, rig } from './support/rig.ts';
import { ROOT } from './support/stack.ts';

const COMPOSE = path.join(ROOT, 'backup', 'docker-compose.backup.yml');
const VARIABLES = [...variablesOf(SCHEMA), ...SCHEDULES].map(({ variable }) => variable);

interface Service {
  readonly environment: Readonly<Record<string, string | null>>;
}

/** The services as Compose reads them, in an environment that sets nothing. */
async function composed(environment: Readonly<Record<string, string>> = {}): Promise<Record<string, Service>> {
  const words = ['docker', 'compose', '--file', COMPOSE, '--profile', 'restore', 'config', '--format', 'json'];
  const bare = Object.fromEntries(
    VARIABLES.flatMap(({ name }) => [
      [name, undefined],
      [`${name}_FILE`, undefined],
    ]),
  );
  const read = await must(words, { ...bare, COMPOSE_ENV_FILES: '/dev/null', ...environment });
  return (JSON.parse(read) as { services: Record<string, Service> }).services;
}

/** What only some containers get: those of its service, and of a recovery. */
const OWN =
  /^(?:PHYSICS_DB_PASSWORD|(?:POSTGRES|NEO4J|REDIS)_PASSWORD|NEO4J_(?:HOME|CONTAINER|DATA_DIR|\w+_COMMAND)|DOCKER_HOST|MONITOR_(?:HOST|PORT|TOKEN)|\w+_(?:SCHEDULE|RETENTION))$/;

describe.runIf(engine)('the compose file', () => {
  test('passes on every variable of the configuration, and no other', async () => {
    const services = await composed();
    const passed = new Set(Object.values(services).flatMap(({ environment }) => Object.keys(environment)));
    const known = VARIABLES.flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name]));
    expect([...passed].filter((name) => name !== 'TZ').toSorted()).toEqual(known.toSorted());
    const everywhere = VARIABLES.map(({ name }) => name).filter((name) => !OWN.test(name));
    for (const [name, { environment }] of Object.entries(services))
      expect(Object.keys(environment), name).toEqual(expect.arrayContaining(everywhere));
  });

  test('gives each container the passwords of its own service alone', async () => {
    const passwords = Object.entries(await composed()).map(([name, { environment }]) => [
      name,
      Object.keys(environment)
        .filter((each) => /^(?:POSTGRES|PHYSICS_DB|NEO4J|REDIS)_PASSWORD$/.test(each))
        .toSorted(),
    ]);
    expect(Object.fromEntries(passwords)).toEqual({
      'postgres-backup': ['PHYSICS_DB_PASSWORD', 'POSTGRES_PASSWORD'],
      'neo4j-backup': ['NEO4J_PASSWORD'],
      'redis-backup': ['REDIS_PASSWORD'],
      'application-backup': [],
      'backup-monitor': [],
      'backup-restore': ['NEO4J_PASSWORD'],
      'application-helper': [],
    });
  });

  test('leaves unset what is unset: no container has an error in its configuration', async () => {
    for (const { environment } of Object.values(await composed())) {
      const set = { ...environment, SCHEDULE_FILE: path.join(ROOT, 'backup/scripts/config/backup-schedule.conf') };
      expect(loadConfiguration(set as Record<string, string>).errors.map(({ message }) => message)).toEqual([]);
    }
  });

  test('publishes one port, to this machine only, unless told otherwise', async () => {
    type Ports = readonly { readonly target: number; readonly published: string; readonly host_ip?: string }[];
    const published = async (environment: Readonly<Record<string, string>> = {}) =>
      Object.entries(await composed({ MONITOR_ADDRESS: '', ...environment })).flatMap(([name, service]) =>
        ((service as unknown as { ports?: Ports }).ports ?? []).map((each) => [
          name,
          `${each.host_ip ?? ''}:${each.published}`,
          each.target,
        ]),
      );
    expect(await published()).toEqual([['backup-monitor', '127.0.0.1:8084', 8084]]);
    expect(await published({ MONITOR_ADDRESS: '0.0.0.0:9000' })).toEqual([['backup-monitor', '0.0.0.0:9000', 8084]]);
  });

  test('names the containers as the guide does', async () => {
    const services = (await composed()) as unknown as Record<string, { container_name: string }>;
    expect(
      Object.values(services)
        .map((each) => each.container_name)
        .toSorted(),
    ).toEqual([
      'physics-application-backup',
      'physics-application-helper',
      'physics-backup-monitor',
      'physics-backup-restore',
      'physics-neo4j-backup',
      'physics-postgres-backup',
      'physics-redis-backup',
    ]);
  });
});

describe('the settings', () => {
  test('that the scripts forward are those of the configuration', async () => {
    const script = await readFile(path.join(ROOT, 'backup/scripts/common/physics-backup.sh'), 'utf8');
    const listed = (list: string): string[] =>
      new RegExp(`^${list}='([^']*)'`, 'm').exec(script)?.[1]?.split(/\s+/) ?? [];
    const schedules = listed('SERVICES').flatMap((service) =>
      listed('TYPES').flatMap((type) => [`${service}_${type}_SCHEDULE`, `${service}_${type}_RETENTION`]),
    );
    // Which agents are where is the compose file's to say.
    const ofContainers = ['AGENT_SERVICES', 'AGENT_DIR', 'DOCKER_HOST'];
    const known = VARIABLES.filter(({ name }) => !ofContainers.includes(name));
    const settings = known.filter(({ secret }) => !secret).map(({ name }) => name);
    expect([...listed('SETTINGS').filter((name) => name !== 'TZ'), ...schedules].toSorted()).toEqual(
      settings.toSorted(),
    );
    expect(listed('SECRETS').toSorted()).toEqual(
      known
        .filter(({ secret }) => secret)
        .map(({ name }) => name)
        .toSorted(),
    );
  });

  test('of the shipped schedule file are the defaults', async () => {
    const file = path.join(ROOT, 'backup/scripts/config/backup-schedule.conf');
    const { entries, errors } = loadConfiguration({ SCHEDULE_FILE: file });
    expect(errors).toEqual([]);
    const changed = entries.filter(
      ({ origin, text, variable }) => origin === 'schedule file' && text !== variable.fallback,
    );
    expect(changed.map(({ variable }) => variable.name)).toEqual([]);
  });

  test('of the example are no errors', async () => {
    const example = await readFile(path.join(ROOT, 'backup', '.env.example'), 'utf8');
    const lines = example.split('\n').flatMap((line) => /^(\w+)=(.*)$/.exec(line)?.slice(1, 3) ?? []);
    const set = Object.fromEntries(lines.flatMap((name, at) => (at % 2 === 0 ? [[name, lines[at + 1] ?? '']] : [])));
    expect(loadConfiguration(set as Record<string, string>).errors).toEqual([]);
  });

  test('that official images bring along are none of ours', () => {
    const brought = ['NEO4J_EDITION', 'NEO4J_SHA256', 'NEO4J_TARBALL', 'REDIS_VERSION', 'REDIS_DOWNLOAD_URL'];
    const set = Object.fromEntries(
      [...brought, 'REDIS_DOWNLOAD_SHA', 'PG_MAJOR', 'PG_VERSION'].map((name) => [name, 'x']),
    );
    expect(loadConfiguration(set).errors).toEqual([]);
  });
});

describe.runIf(engine)('each image', () => {
  const BASES = {
    postgres: 'postgres:15',
    neo4j: 'neo4j:5-community',
    redis: 'redis:7',
    application: 'node:26-slim',
    monitor: 'node:26-slim',
    restore: 'neo4j:5-community',
  };

  test.each(Object.entries(BASES))('%s weighs at most 250 MB more than %s', async (target, base) => {
    const image = `physics-backup/${target}:test`;
    const [own, below] = await Promise.all([inspect<number>(image, '.Size'), inspect<number>(base, '.Size')]);
    const megabytes = (own - below) / 1e6;
    process.stdout.write(`${target}: ${(own / 1e6).toFixed(0)} MB, ${megabytes.toFixed(0)} MB over ${base}\n`);
    expect(megabytes).toBeLessThanOrEqual(250);
    const labels = await inspect<Record<string, string>>(image, '.Config.Labels');
    expect(labels['org.opencontainers.image.base.name']).toBe(base);
    expect(labels['org.opencontainers.image.licenses']).toBe('Apache-2.0');
  });

  test('holds the bill of what it is made of', async () => {
    const { stack } = rig();
    const bill = await must([path.join(ROOT, 'backup/containers/bill.sh')], stack.environment);
    const parts = bill.split(/^# /m).slice(1);
    expect(parts.map((each) => each.slice(0, each.indexOf(':test:')))).toEqual(
      ['postgres', 'neo4j', 'redis', 'application', 'monitor', 'restore'].map((each) => `physics-backup/${each}`),
    );
    for (const part of parts) {
      expect(part).toMatch(/^physics-backup\/\w+:test: \d+ MB, \d+ MB over \S+$/m);
      expect(part).toMatch(/^npm neo4j-driver \d/m);
      expect(part).toMatch(/^os zstd \d/m);
      expect(part).not.toMatch(/^npm vitest /m);
    }
  });
});
