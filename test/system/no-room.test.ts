import { chmod, mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withRedis } from '../../platform/clients/redis.ts';
import { startPostgres } from '../../platform/servers/postgres.ts';
import type { CheapService } from '../support/system/own-services.ts';
import { expectRefused } from '../support/system/refusals.ts';
import { openRig, type Rig, takeBackup } from '../support/system/rig.ts';
import { openSite } from '../support/system/site.ts';
import { mountSmallDisk } from '../support/system/small-disk.ts';
import { CAN_MOUNT, requires, UNPRIVILEGED } from '../support/system/what-can-run.ts';

const SERVICES: readonly CheapService[] = ['postgres', 'redis', 'application'];

let rig: Rig;
const backups: Record<string, string> = {};
const sizes: Record<string, number> = {};

beforeAll(async () => {
  rig = await openRig(SERVICES);
  for (const service of SERVICES) backups[service] = await takeBackup(rig.site, service);
  const { backups: listed } = await rig.site.good(['list']);
  for (const { service, bytes } of listed as { service: string; bytes: number }[]) sizes[service] = bytes;
});
afterAll(() => rig[Symbol.asyncDispose]());

const FULL = { code: 1, says: /ENOSPC|EFBIG|no room|[Nn]o space|are free|bytes free/, hint: /room|space/ };

describe('a disk that is full', () => {
  const SHARES = SERVICES.flatMap((service) => [0.1, 0.5, 0.95].map((share) => [service, share] as const));

  test.for(SHARES)('%s: room for %d of the backup', async ([service, share], context) => {
    requires(CAN_MOUNT, 'root, to mount a small disk', context);
    await using site = await openSite(SERVICES, rig.services.environment);
    const pages = Math.max(2, Math.floor(((sizes[service] ?? 0) * share) / 4096));
    await using _disk = await mountSmallDisk(site.backups, `${pages * 4}k`);
    await expectRefused(site, ['backup', service, 'daily'], FULL);
  });

  test.for(['backup', 'restore'])('of STATE_DIR, at a %s', async (verb, context) => {
    requires(CAN_MOUNT, 'root, to mount a small disk', context);
    await using _disk = await mountSmallDisk(path.join(rig.site.state, 'work'), '4k');
    const args = verb === 'backup' ? ['backup', 'redis', 'daily'] : ['restore', backups['redis'] ?? ''];
    await expectRefused(rig.site, args, FULL);
  });

  test('a limit on the size of files', async () => {
    const under = ['prlimit', `--fsize=${Math.floor((sizes['application'] ?? 0) / 2)}`];
    await expectRefused(rig.site, ['backup', 'application', 'daily'], FULL, { under });
  });
});

describe('what is said goes to a disk that is full', () => {
  const to = (redirection: string) => ['sh', '-c', `exec "$@" ${redirection}`, 'sh'];

  test('standard error: no reason not to back up', async () => {
    const run = await rig.site.run(['backup', 'application', 'daily'], { under: to('2>/dev/full') });
    expect(run).toMatchObject({ code: 0, stdout: expect.stringMatching(/application_daily_.* integrity, content/) });
  });

  test('standard output: who asked for it is not told that all is well', async () => {
    for (const args of [['list'], ['--json', 'list'], ['--quiet', 'backup', 'application', 'daily']]) {
      const run = await rig.site.run(args, { under: to('>/dev/full') });
      expect({ args, code: run.code }).toEqual({ args, code: 4 });
      expect(run.stderr).toMatch(/^warning: standard output could not be written: .*ENOSPC/m);
    }
  });
});

describe('a target that is too small', () => {
  test('redis: maxmemory', async () => {
    await withRedis(rig.site.environment, (send) => send('CONFIG', 'SET', 'maxmemory', '1mb'));
    const refusal = { code: 1, says: /^redis: .*maxmemory/, hint: /raise maxmemory/ };
    await expectRefused(rig.site, ['restore', backups['redis'] ?? ''], refusal);
    await withRedis(rig.site.environment, (send) => send('CONFIG', 'SET', 'maxmemory', '0'));
  });

  test('application: the disk of the directory', async (context) => {
    requires(CAN_MOUNT, 'root, to mount a small disk', context);
    const directory = path.join(rig.site.directory, 'small');
    await using _disk = await mountSmallDisk(directory, '40k');
    for (const name of ['uploads', 'models']) await mkdir(path.join(directory, name));
    const environment = { APPLICATION_PATHS: `uploads=${directory}/uploads,models=${directory}/models` };
    await expectRefused(rig.site, ['restore', backups['application'] ?? ''], FULL, { environment });
  });

  test('postgres: the disk of the server', async (context) => {
    requires(CAN_MOUNT, 'root, to mount a small disk', context);
    const directory = path.join(rig.site.directory, 'server');
    await using _disk = await mountSmallDisk(directory, '160m');
    await using server = await startPostgres({ directory: path.join(directory, 'postgres') });
    const { bavail, bsize } = await statfs(directory);
    await writeFile(path.join(directory, 'filler'), Buffer.alloc(bavail * bsize - 3_000_000));
    await expectRefused(rig.site, ['restore', backups['postgres'] ?? ''], FULL, { environment: server.environment });
  });
});

describe('a directory that may not be written', () => {
  const DENIED = { code: 7, says: /EACCES|may not|cannot/, hint: /write|right/ };

  test.each(['backups', 'state', 'secrets'] as const)('%s', async (place) => {
    await using site = await openSite(['redis'], rig.services.environment);
    await chmod(site[place], 0o500);
    await expectRefused(site, ['backup', 'redis', 'daily'], DENIED, { under: UNPRIVILEGED });
    await chmod(site[place], 0o700);
  });

  test('logs: said, and no reason not to back up', async () => {
    await rm(rig.site.logs, { recursive: true });
    await mkdir(rig.site.logs, { mode: 0o500 });
    const run = await rig.site.run(['backup', 'redis', 'daily'], { under: UNPRIVILEGED });
    expect(run.stderr).toMatch(/warning: there is no log file/);
    expect([0, 4]).toContain(run.code);
    await chmod(rig.site.logs, 0o700);
  });
});
