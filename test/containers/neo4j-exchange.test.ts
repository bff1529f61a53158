import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { withNeo4j } from '../../platform/clients/neo4j.ts';
import { differences } from '../../platform/fingerprint/compare.ts';
import { fingerprintNeo4j } from '../../platform/fingerprint/neo4j/fingerprint.ts';
import { NEO4J_HOME } from '../../platform/host.ts';
import { freePort } from '../../platform/servers/ports.ts';
import { ContainerControl } from '../../src/control/docker/container-control.ts';
import { DockerEngine } from '../../src/control/docker/engine.ts';
import { compareFacts } from '../../src/model/facts.ts';
import { openContainerStore } from '../../src/sources/neo4j/container-store.ts';
import { neo4jSource } from '../../src/sources/neo4j/source.ts';
import { captureToFiles, FileSafetyCopies, MemoryJournal, testContext } from '../support/file-backup.ts';
import { docker } from './support/docker.ts';
import { engine as isThere } from './support/rig.ts';

const name = `pbx-${randomBytes(3).toString('hex')}`;
const password = randomBytes(8).toString('hex');
const engine = new DockerEngine('unix:///var/run/docker.sock');
let environment: Record<string, string>;
let port: number;

describe.runIf(isThere)('a Neo4j in a container', () => {
  beforeAll(async () => {
    const neo4jSettings = ['db_tx__log_preallocate=false', 'server_memory_heap_max__size=512m'].map(
      (each) => `NEO4J_${each}`,
    );
    const variables = [`NEO4J_AUTH=neo4j/${password}`, ...neo4jSettings].flatMap((each) => ['--env', each]);
    port = await freePort();
    environment = {
      NEO4J_HOST: '127.0.0.1',
      NEO4J_PORT: String(port),
      NEO4J_USER: 'neo4j',
      NEO4J_PASSWORD: password,
      NEO4J_DATABASE: 'neo4j',
    };
    const options = ['--publish', `127.0.0.1:${port}:7687`, '--volume', `${name}:/data`, ...variables];
    await docker('run', '--detach', '--name', name, ...options, 'neo4j:5-community');
    const health = (): Promise<string> => docker('inspect', '-f', '{{.State.Health.Status}}', name);
    await vi.waitUntil(async () => (await health()) === 'healthy', {
      timeout: 900_000,
      interval: 500,
    });
  });
  afterAll(async () => {
    await docker('rm', '--force', '--volumes', name);
    await docker('volume', 'rm', '--force', name);
  });

  test('has its store exchanged by the engine, owned by its own user, and gets it back', async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'pbs-container-'));
    await using context = await testContext();
    await run('CREATE (:Star {name: "Sirius"})-[:NEAR]->(:Star {name: "Prokyon"})');
    const captured = await fingerprintNeo4j(environment);
    const source = neo4jSource(liveSettings());
    const backup = await captureToFiles(source, directory, context);
    await run('MATCH (n) DETACH DELETE n');
    await run('CREATE (:Left)');
    const lost = await fingerprintNeo4j(environment);
    const safety = new FileSafetyCopies(source, directory, [backup]);
    const journal = new MemoryJournal();

    const request = { chain: [backup], target: 'live' } as const;
    await using staged = await source.stage(request, journal, safety, context);
    expect(staged.cutover).toBe('restart');
    expect(compareFacts(backup.facts, await staged.facts(context))).toEqual([]);
    const { place = '' } = journal.last.details;
    expect(await owners(`/data/${place}`)).toEqual(['7474:7474']);

    await staged.swap(context);
    expect(differences(captured, await fingerprintNeo4j(environment))).toEqual([]);
    expect(await owners('/data')).toEqual(['7474:7474']);

    await using later = await neo4jSource(liveSettings()).attach(journal.last, journal.notes, journal, safety, context);
    await later.rollback(context);
    expect(differences(lost, await fingerprintNeo4j(environment))).toEqual([]);
    await later.discard(context);
    expect(await docker('exec', name, 'ls', '/data')).not.toContain('physics-backup');
    await rm(directory, { recursive: true });
  });

  test('is worked on by a container that may do nothing else, and that is gone afterwards', async () => {
    const before = await porters();
    {
      await using store = await openContainerStore(engine, name, '/data');
      const porter = (await porters()).find((each) => !before.includes(each)) ?? '';
      const inspected = JSON.parse(await docker('inspect', porter)) as [Inspected];
      const [{ HostConfig, Config, Mounts }] = inspected;
      expect(Config.User).toBe('7474:7474');
      expect(HostConfig).toMatchObject({
        NetworkMode: 'none',
        ReadonlyRootfs: true,
        CapDrop: ['ALL'],
        Privileged: false,
      });
      expect(HostConfig.CapAdd ?? []).toEqual([]);
      expect(HostConfig.SecurityOpt).toContain('no-new-privileges');
      expect(Mounts.filter(({ Source }) => Source.includes(name)).map(({ Destination }) => Destination)).toEqual([
        '/data',
      ]);
      expect(await store.existing(['databases/neo4j', 'databases/none'])).toEqual(new Set(['databases/neo4j']));
      await expect(store.rename('databases/neo4j', 'databases/system')).rejects.toMatchObject({ kind: 'exists' });
    }
    await expect.poll(porters, { timeout: 900_000 }).toEqual(before);
  });

  test('loses what a run that was killed has left at work on it', async () => {
    const before = await porters();
    await openContainerStore(engine, name, '/data'); // never closed
    await using _store = await openContainerStore(engine, name, '/data');
    await expect
      .poll(async () => (await porters()).length - before.length, {
        timeout: 900_000,
      })
      .toBe(1);
  });

  test('that is named wrongly, or whose engine is not there, says so', async () => {
    await expect(openContainerStore(engine, `${name}-none`, '/data')).rejects.toMatchObject({ kind: 'missing' });
    await expect(openContainerStore(engine, name, '/elsewhere')).rejects.toThrow('has no volume at /elsewhere');
    const nowhere = new DockerEngine('unix:///nowhere/docker.sock');
    await expect(new ContainerControl(nowhere, name).running()).rejects.toMatchObject({ kind: 'unreachable' });
    expect(await new ContainerControl(engine, name).running()).toBe(true);
    expect(() => new DockerEngine('tcp://127.0.0.1:2375')).toThrow('only a unix socket');
  });
});

interface Inspected {
  readonly Config: { readonly User: string };
  readonly HostConfig: {
    readonly CapAdd: readonly string[] | null;
    readonly SecurityOpt: readonly string[];
  };
  readonly Mounts: readonly {
    readonly Source: string;
    readonly Destination: string;
  }[];
}

function liveSettings() {
  const control = new ContainerControl(engine, name);
  const exchange = {
    control,
    open: () => openContainerStore(engine, name, '/data'),
  };
  return {
    host: '127.0.0.1',
    port,
    user: 'neo4j',
    password,
    home: NEO4J_HOME,
    exchange,
  };
}

function run(query: string): Promise<unknown> {
  return withNeo4j(environment, (driver, database) => driver.executeQuery(query, {}, { database }));
}

async function owners(directory: string): Promise<string[]> {
  const all = await docker('exec', name, 'find', directory, '-printf', '%U:%G\n');
  return [...new Set(all.split('\n'))];
}

async function porters(): Promise<string[]> {
  return (await docker('ps', '--all', '--quiet', '--filter', 'label=physics-backup.porter'))
    .split('\n')
    .filter(Boolean);
}
