import { spawn } from 'node:child_process';
import { copyFile, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { withRedis } from '../../platform/clients/redis.ts';
import { docker, type Ended } from './support/docker.ts';
import { backup, becomes, healthy, killed, nothingNew, traces } from './support/looks.ts';
import { oneOff } from './support/one-off.ts';
import { engine, rig } from './support/rig.ts';
import type { Stack } from './support/stack.ts';
import { until } from './support/wait.ts';

/** A backup that is asked for in the container of PostgreSQL, and what it said when `said` came. */
async function begun(stack: Stack, words: readonly string[], said: string): Promise<{ ended: Promise<Ended> }> {
  const script = ['exec', stack.container('postgres'), '/scripts/scheduler.sh', 'backup', ...words];
  const child = spawn('docker', script, { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, ...output })));
  child.stdout.on('data', (text: Buffer) => (output.stdout += text.toString()));
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (text: Buffer) => {
      output.stderr += text.toString();
      if (output.stderr.includes(said)) resolve();
    });
    void ended.then(({ stderr }) => reject(new Error(`it ended before "${said}": ${stderr}`)));
  });
  return { ended };
}

/** What a run leaves that nobody cleans up after. */
async function litter(stack: Stack): Promise<string[]> {
  return (await traces(stack)).filter((name) => !name.endsWith('.metadata.json'));
}

describe.runIf(engine)('an agent', () => {
  test('whose container dies midway is a failed part of a backup of all, and comes back', async () => {
    const { stack } = rig();
    const container = stack.container('redis');
    const held = await stack.manifests();
    const { ended } = await begun(stack, ['all', 'hourly'], 'redis: dump');
    await killed(container);
    const all = await ended;
    expect(all.code).toBe(7);
    expect(all.stderr).toMatch(/^error: redis: the agent of redis ended/m);
    expect(all.stdout).not.toContain('recovery point point_');
    const made = (await stack.manifests()).filter((name) => !held.includes(name));
    expect(made.map((name) => name.split('/')[0])).toEqual(['application', 'neo4j', 'postgres']);
    await healthy(container);
    expect(await backup(stack, 'redis')).toMatchObject({ code: 0 });
    expect(await litter(stack)).toEqual([]);
  });

  test('that is taken down in the middle of its work cleans up, and works again once it is up', async () => {
    const { stack } = rig();
    const held = await stack.manifests();
    const { ended } = await begun(stack, ['redis', 'manual'], 'redis: dump');
    await stack.mustCompose('stop', 'redis-backup');
    const cut = await ended;
    expect(cut.code, cut.stderr).not.toBe(0);
    expect(await stack.manifests()).toEqual(held);
    expect(await litter(stack)).toEqual([]);

    await stack.mustCompose('down'); // the volume of the sockets stays
    await stack.mustCompose('up', '--detach', '--wait');
    expect(await stack.manifests()).toEqual(held);
    expect(await backup(stack, 'redis')).toMatchObject({ code: 0 });
  });
});

describe.runIf(engine)('the health of a container', () => {
  test('is bad while its loop stands still, though its process is there', async () => {
    const { stack } = rig();
    const container = stack.container('application');
    const lines = (await docker('top', container, '-eo', 'pid,comm')).split('\n').slice(1);
    const processes = lines.map((line) => line.trim().split(/\s+/)).filter(([, name]) => name !== 'docker-init');
    const [pid] = processes.find(([, name]) => /^(?:node|MainThread)$/.test(name ?? '')) ?? [];
    expect(pid, lines.join('\n')).toMatch(/^\d+$/);
    process.kill(Number(pid), 'SIGSTOP');
    try {
      await becomes(container, 'unhealthy');
    } finally {
      process.kill(Number(pid), 'SIGCONT');
    }
    await healthy(container);
  });
});

describe.runIf(engine)('the schedules', () => {
  test('of a file that an editor replaced are in force, and a backup is taken by them', async () => {
    const { stack } = rig();
    const file = path.join(stack.directory, 'config', 'backup-schedule.conf');
    await copyFile(file, `${file}.kept`);
    const scheduled = async (): Promise<number> =>
      (await stack.manifests()).filter((name) => name.startsWith('redis/hourly/')).length;
    const changes = async (): Promise<number> => {
      const { stdout } = await stack.compose('logs', '--no-log-prefix', 'redis-backup');
      return stdout.split('has changed: its schedules are in force').length - 1;
    };
    const [before, changed] = await Promise.all([scheduled(), changes()]);
    try {
      await writeFile(`${file}.new`, `${await readFile(file, 'utf8')}\nREDIS_HOURLY_SCHEDULE="* * * * *"\n`);
      await rename(`${file}.new`, file); // as editors save
      await until('a backup was taken by the schedule', async () => (await scheduled()) > before);
    } finally {
      await rename(`${file}.kept`, file);
    }
    await until('the file before it is in force', async () => (await changes()) === changed + 2);
    await until('nothing runs by it any more', async () => (await backup(stack, 'redis')).code !== 6);
  });
});

describe.runIf(engine)('the memory of the container of Redis', () => {
  const MIB = 1024 ** 2;
  /** Writes as many MiB to a database of its own, and takes them away again. */
  async function withMore<T>(mebibytes: number, work: () => Promise<T>): Promise<T> {
    const { shared } = rig();
    const fill = `for i = 1, ${mebibytes} do redis.call('SET', 'more:' .. i, string.rep('x', ${MIB})) end`;
    try {
      await withRedis(shared.environment, async (send) => {
        await send('SELECT', '9');
        await send('EVAL', fill, '0');
      });
      return await work();
    } finally {
      await withRedis(shared.environment, async (send) => {
        await send('SELECT', '9');
        await send('FLUSHDB', 'SYNC');
      });
    }
  }

  test('that is too little for the data is said beforehand; nothing is killed, and nothing is left', async () => {
    const { shared } = rig();
    const environment = { REDIS_PASSWORD: shared.passwords['REDIS_PASSWORD'] };
    const place = { image: 'physics-backup/redis:test', network: shared.name, memory: '160m', environment };
    const script = 'physics-backup backup redis manual; echo "code=$?"; find /backups -type f';
    const ended = await withMore(200, () => oneOff(place, script));
    expect(ended.stdout, ended.stderr).toContain('code=1\n');
    expect(ended.stderr).toMatch(/^error: redis: .*the sandbox needs \d+ MiB of memory/m);
    expect(ended.stderr).toMatch(/^hint: .*REDIS_BACKUP_MEMORY/m);
    expect(ended.stdout).not.toContain('.metadata.json');
  });

  test('is not taken by files that the kernel caches for it', async () => {
    const { stack } = rig();
    const container = stack.container('redis');
    await nothingNew(stack, async () => {
      const fill = 'head -c 600M /dev/zero >/backups/.fill; sync /backups/.fill; cat /backups/.fill >/dev/null';
      await docker('exec', container, 'sh', '-c', fill);
      try {
        const asked = await stack.exec('redis', 'physics-backup', 'doctor', 'redis');
        expect(asked.stdout + asked.stderr).not.toMatch(/the sandbox needs/);
      } finally {
        await docker('exec', container, 'rm', '/backups/.fill');
      }
    });
    expect(await backup(stack, 'redis')).toMatchObject({ code: 0 });
  });
});
