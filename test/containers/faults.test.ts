import { spawn } from 'node:child_process';
import { readdir, readFile, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { destroyNeo4j } from '../../platform/data/destroy.ts';
import { fingerprint } from '../../platform/fingerprint/all.ts';
import { differences } from '../../platform/fingerprint/compare.ts';
import { SERVICES } from '../../src/model/vocabulary.ts';
import { docker, inspect, run } from './support/docker.ts';
import { oneOff } from './support/one-off.ts';
import { backup, healthy, killed, nothingNew, traces } from './support/looks.ts';
import { engine, rig } from './support/rig.ts';
import type { Stack } from './support/stack.ts';

describe.runIf(engine)('a container', () => {
  test('that is killed in the middle of a backup comes back, and the next backup is good', async () => {
    const { stack } = rig();
    const container = stack.container('redis');
    const before = await stack.manifests();
    const child = spawn('docker', ['exec', container, '/scripts/scheduler.sh', 'backup', 'redis', 'manual']);
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    await new Promise<void>((resolve) => {
      child.stderr.on('data', (text: Buffer) => {
        if (text.includes('redis: dump')) resolve();
      });
    });
    await killed(container);
    expect(await ended).not.toBe(0);
    await healthy(container);
    expect(await stack.manifests()).toEqual(before);

    const next = await backup(stack, 'redis');
    expect(next, next.stderr).toMatchObject({ code: 0 });
    expect((await traces(stack)).filter((name) => !name.endsWith('.metadata.json'))).toEqual([]);
  });

  test('whose network is cut says so, and goes on when it is back', async () => {
    const { stack, shared } = rig();
    const container = stack.container('postgres');
    await nothingNew(stack, async () => {
      await docker('network', 'disconnect', shared.name, container);
      try {
        const cut = await backup(stack, 'postgres');
        expect(cut.code).toBe(7);
        expect(cut.stderr).toMatch(/^error: postgres: the server at postgres:5432 is not reachable/m);
        expect(cut.stderr).toMatch(/^hint: /m);
      } finally {
        await docker('network', 'connect', '--alias', 'postgres-backup', shared.name, container);
      }
    });
    const next = await backup(stack, 'postgres');
    expect(next, next.stderr).toMatchObject({ code: 0 });
  });

  test('whose agent is not there is a failed part, and the others are done', async () => {
    const { stack } = rig();
    await docker('stop', stack.container('redis'));
    try {
      const all = await stack.exec('postgres', '/scripts/scheduler.sh', 'backup', 'all', 'hourly');
      expect(all.code).toBe(7);
      expect(all.stderr).toMatch(/^error: .*redis/m);
      expect(all.stderr).toContain('hint: is physics-redis-backup running?');
      expect(all.stdout).not.toContain('recovery point point_');
      const made = (await stack.manifests()).filter((name) => name.includes('_hourly_'));
      expect(made.map((name) => name.split('/')[0])).toEqual(['application', 'neo4j', 'postgres']);
    } finally {
      await docker('start', stack.container('redis'));
    }
    await healthy(stack.container('redis'));
  });

  test('that is stopped ends in good order, before it is killed', async () => {
    const { stack } = rig();
    const container = stack.container('application');
    try {
      await docker('stop', container); // after stop_grace_period it would be killed: 137
      expect(await inspect<number>(container, '.State.ExitCode')).toBe(0);
    } finally {
      await docker('start', container);
    }
    await healthy(container);
  });
});

describe.runIf(engine)('a backup', () => {
  test('on a full volume is none', async () => {
    const { shared } = rig();
    const { PHYSICS_DB_PASSWORD, POSTGRES_PASSWORD } = shared.passwords;
    const place = { image: 'physics-backup/postgres:test', network: shared.name, backups: ',size=24k' };
    const environment = { PHYSICS_DB_PASSWORD, POSTGRES_PASSWORD };
    const ended = await oneOff(
      { ...place, environment },
      'physics-backup backup postgres daily; echo "code=$?"; find /backups -type f',
    );
    expect(ended.stdout).toContain('code=1\n');
    expect(ended.stderr).toMatch(/no space|room/i);
    expect(ended.stdout).not.toContain('.metadata.json');
  });

  test('with a wrong password is none, and the password is nowhere', async () => {
    const { stack } = rig();
    const wrong = 'wrong-secret-7f3a';
    await nothingNew(stack, async () => {
      const words = ['docker', 'exec', '--env', 'PHYSICS_DB_PASSWORD', stack.container('postgres')];
      const script = [...words, '/scripts/scheduler.sh', 'backup', 'postgres', 'daily'];
      const ended = await run(script, { PHYSICS_DB_PASSWORD: wrong });
      expect(ended.code).toBe(7);
      expect(ended.stderr).toMatch(/^hint: check POSTGRES_USER and PHYSICS_DB_PASSWORD/m);
      expect(ended.stdout + ended.stderr).not.toContain(wrong);
    });
    const logs = path.join(stack.directory, 'logs', 'backup');
    for (const file of await readdir(logs)) expect(await readFile(path.join(logs, file), 'utf8')).not.toContain(wrong);
  });

  test('without a password is none', async () => {
    const { stack } = rig();
    await nothingNew(stack, async () => {
      const words = ['docker', 'exec', '--env', 'PHYSICS_DB_PASSWORD=', stack.container('postgres')];
      const ended = await run([...words, 'physics-backup', 'backup', 'postgres', 'daily']);
      expect(ended.code).toBe(7);
      expect(ended.stderr).toMatch(/^hint: /m);
    });
  });

  test('without the keyring of earlier backups is none, and no other keyring is made', async () => {
    const { stack } = rig();
    const keyring = path.join(stack.directory, 'secrets', 'backup-keyring.json');
    await rename(keyring, `${keyring}.away`);
    try {
      await nothingNew(stack, async () => {
        const ended = await backup(stack, 'postgres');
        expect(ended.code).toBe(8);
        expect(ended.stderr).toMatch(/^hint: /m);
      });
      expect(await readdir(path.dirname(keyring))).toEqual(['backup-keyring.json.away']);
    } finally {
      await rename(`${keyring}.away`, keyring);
    }
  });

  test('is not begun when a secret has no file', async () => {
    const { stack } = rig();
    const missing = path.join(stack.directory, 'secrets', 'no-such-file');
    const ended = await stack.withSettings({ NEO4J_PASSWORD: '', NEO4J_PASSWORD_FILE: missing }, (other) =>
      other.compose('run', '--rm', '--no-deps', 'neo4j-backup', 'backup', 'neo4j', 'daily'),
    );
    expect(ended.code).not.toBe(0);
    expect(ended.stderr).toContain(missing);
    expect(await readdir(path.dirname(missing))).not.toContain('no-such-file');
  });

  test('reads a password from the file of a secret', async () => {
    const { stack, shared } = rig();
    const file = await stack.secretFile('redis-password', shared.passwords['REDIS_PASSWORD'] ?? '');
    const ended = await stack.withSettings({ REDIS_PASSWORD: '', REDIS_PASSWORD_FILE: file }, (other) =>
      other.compose('run', '--rm', '--no-deps', 'redis-backup', 'backup', 'redis', 'manual'),
    );
    expect(ended, ended.stderr).toMatchObject({ code: 0 });
  });
});

/** Of the newest recovery. */
async function journalOf(stack: Stack): Promise<string> {
  const directory = path.join(stack.directory, 'state', 'recovery');
  const newest = (await readdir(directory))
    .filter((name) => name.endsWith('.jsonl'))
    .toSorted()
    .at(-1);
  return await readFile(path.join(directory, newest ?? ''), 'utf8');
}

describe.runIf(engine)('a recovery', () => {
  test('that was killed in one container is ended by the next run in another', async () => {
    const { stack, shared, platform } = rig();
    const taken = await stack.exec('postgres', '/scripts/scheduler.sh', 'backup', 'all', 'daily');
    expect(taken, taken.stderr).toMatchObject({ code: 0 });
    const before = await fingerprint(shared.environment);
    const words = ['run', '--rm', '--env', 'PHYSICS_BACKUP_CRASH_AT=neo4j.emptied', 'backup-restore'];
    // It may stop Neo4j, and has no socket for that: the graph is rewritten, and why is noted.
    const stopped = await stack.withSettings({ NEO4J_CONTAINER: platform.container('neo4j') }, (other) =>
      other.compose(...words, 'recover', 'latest'),
    );
    expect(stopped.code, stopped.stderr).toBe(137);
    expect(await journalOf(stack)).toMatch(/the live store cannot be exchanged, so it is rewritten: .*docker\.sock/);
    const between = await fingerprint(shared.environment);
    expect(differences(before.neo4j, between.neo4j)).not.toEqual([]);

    const ended = await stack.script(['restore/disaster_recovery.sh', 'recover', 'resume']);
    expect(ended, ended.stderr).toMatchObject({ code: 0 });
    const after = await fingerprint(shared.environment);
    for (const service of SERVICES) expect(differences(before[service], after[service]), service).toEqual([]);
    expect(await stack.strangersFiles()).toEqual([]);
  });
});

describe.runIf(engine)('Neo4j that a recovery may stop', () => {
  test('gets its store back around one restart', async () => {
    const { stack, shared, platform } = rig();
    const taken = await stack.exec('neo4j', '/scripts/scheduler.sh', 'backup', 'all', 'weekly');
    expect(taken, taken.stderr).toMatchObject({ code: 0 });
    const before = await fingerprint(shared.environment);
    await destroyNeo4j(shared.environment);
    const container = platform.container('neo4j');
    const started = await inspect<string>(container, '.State.StartedAt');
    const socket = '/var/run/docker.sock';
    const group = String((await stat(socket)).gid);
    const settings = { DOCKER_SOCKET: socket, DOCKER_GID: group, NEO4J_CONTAINER: container };
    const script = 'restore/disaster_recovery.sh';
    const recovered = await stack.script([script, 'recover', 'weekly'], settings);
    expect(recovered, recovered.stderr).toMatchObject({ code: 0 });
    expect(await inspect<string>(container, '.State.StartedAt')).not.toBe(started);
    const after = await fingerprint(shared.environment);
    for (const service of SERVICES) expect(differences(before[service], after[service]), service).toEqual([]);

    const finished = await stack.script([script, 'recover', 'finish'], settings);
    expect(finished, finished.stderr).toMatchObject({ code: 0 });
  });
});
