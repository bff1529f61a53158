import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { libpqEnvironment } from '../../platform/clients/postgres.ts';
import { CHANGE, fingerprintOf, nameState } from '../support/system/live.ts';
import { leftovers } from '../support/system/nothing-left.ts';
import { complaintOf, type ProgramRun } from '../support/system/program.ts';
import { expectRefused, expectRefusal, manifestsOf } from '../support/system/refusals.ts';
import { openRig, type Rig, takeBackup } from '../support/system/rig.ts';
import { unwrap, wrap } from '../support/system/site.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await openRig(['postgres', 'redis', 'application']);
});
afterAll(() => rig[Symbol.asyncDispose]());
afterEach(async () => {
  for (const tool of ['tar', 'pg_dump', 'redis-cli']) await unwrap(rig.site, tool);
});

const MAIN_WORK = { postgres: 'pg_dump', redis: 'redis-cli', application: 'tar' } as const;
const SERVICES = ['postgres', 'redis', 'application'] as const;

/** Makes a tool stop in its main work, and its answer to `--version` come as ever. */
async function stall(tool: string, how: string): Promise<void> {
  const real = `real=$(PATH=\${PATH#*:} command -v ${tool})`;
  await wrap(rig.site, tool, `${real}\ncase "$*" in *--version*) exec "$real" "$@" ;; esac\n${how}`);
}

/** Makes a tool wait until it is let go: call what this returns. */
async function gate(tool: string): Promise<() => Promise<void>> {
  const file = path.join(rig.site.directory, 'open');
  await rm(file, { force: true });
  await stall(tool, `while [ ! -e ${file} ]; do sleep 0.1; done; exec "$real" "$@"`);
  return () => writeFile(file, '');
}

describe('the time limit', () => {
  test.each(SERVICES)('%s: ends a backup that hangs, and its tool', async (service) => {
    await stall(MAIN_WORK[service], 'exec sleep 1000');
    const refusal = { code: 9, says: /stopped at the time limit of 3.0 s/, hint: /BACKUP_TIMEOUT/ };
    await expectRefused(rig.site, ['backup', service, 'daily'], refusal, { environment: { BACKUP_TIMEOUT: '3' } });
  });

  test('a tool that will not end when asked is made to', async () => {
    await stall('tar', `trap '' TERM; while :; do sleep 1; done`);
    const refusal = { code: 9, says: /time limit/, hint: /BACKUP_TIMEOUT/ };
    await expectRefused(rig.site, ['backup', 'application', 'daily'], refusal, {
      environment: { BACKUP_TIMEOUT: '2' },
    });
  });
});

describe('a signal while a tool works', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 143],
  ] as const)('%s: ends it, cleans up, and exits %d', async (signal, code) => {
    await stall('tar', 'echo stalled >&2; exec sleep 1000');
    const before = await manifestsOf(rig.site);
    const signalAt = { signal, said: 'application: archive' };
    const run = await rig.site.run(['backup', 'application', 'daily'], { signalAt });
    expect(run.code).toBe(code);
    expect(complaintOf(run).errors).toEqual([`interrupted by ${signal}`]);
    expect(await leftovers(rig.site)).toEqual([]);
    expect(await manifestsOf(rig.site)).toEqual(before);
  });

  test('SIGINT while backups are validated', async () => {
    await takeBackup(rig.site, 'application');
    await stall('tar', 'exec sleep 1000');
    const signalAt = { signal: 'SIGINT', said: 'check content' } as const;
    const run = await rig.site.run(['validate', '--all'], { signalAt });
    expect(run.code).toBe(130);
    expect(await leftovers(rig.site)).toEqual([]);
  });
});

describe('two runs at once', () => {
  test('the second is refused with 6 and says who is at work; the first is unharmed', async () => {
    const open = await gate('tar');
    const { promise: begun, resolve } = Promise.withResolvers<undefined>();
    const first = rig.site.run(['backup', 'application', 'daily'], {
      started: (child) => child.stderr?.on('data', (text: string) => text.includes('archive') && resolve(undefined)),
    });
    await begun;
    const refusal = { code: 6, says: /^application: another run holds the lock \(process \d+/, hint: /wait/ };
    expectRefusal(await rig.site.run(['--quiet', 'backup', 'application', 'daily']), refusal);
    expectRefusal(await rig.site.run(['--quiet', 'cleanup', 'application']), refusal);
    const before = await manifestsOf(rig.site);
    await open();
    expect([0, 4]).toContain((await first).code);
    expect(await manifestsOf(rig.site)).toHaveLength(before.length + 1);
    expect(await leftovers(rig.site)).toEqual([]);
  });

  test('while a restore is under way there is neither backup nor a second restore', async () => {
    const backup = await takeBackup(rig.site, 'application');
    const open = await gate('tar');
    const { promise: begun, resolve } = Promise.withResolvers<undefined>();
    const first = rig.site.run(['restore', backup], {
      started: (child) => child.stderr?.on('data', (text: string) => text.includes('extract') && resolve(undefined)),
    });
    await begun;
    const refusals = [
      { args: ['backup', 'application', 'daily'], says: /a recovery is in progress|another run holds the lock/ },
      { args: ['restore', backup], says: /a recovery is in progress/ },
      { args: ['recover', 'rollback'], says: /a recovery is in progress/ },
    ];
    for (const { args, says } of refusals)
      expectRefusal(await rig.site.run(['--quiet', ...args]), { code: 6, says, hint: /wait/ });
    await open();
    expect([0, 4]).toContain((await first).code);
    await unwrap(rig.site, 'tar');
    await rig.site.good(['recover', 'rollback']);
    expect(await leftovers(rig.site)).toEqual([]);
  });
});

test('connections that are open at the swap are ended, whatever they are doing', async () => {
  const { environment } = rig.site;
  const old = await fingerprintOf('postgres', environment);
  const backup = await takeBackup(rig.site, 'postgres');
  await CHANGE.postgres(environment);
  const parameters = libpqEnvironment(environment, 'owner');
  const client = new Client({
    host: parameters['PGHOST'],
    port: Number(parameters['PGPORT']),
    user: parameters['PGUSER'],
    password: parameters['PGPASSWORD'],
    database: 'physics_assistant',
  });
  await client.connect();
  const lost = once(client, 'error');
  client.on('error', () => undefined); // more than one is said
  await client.query('BEGIN');
  await client.query('LOCK TABLE made_after_the_backup IN ACCESS EXCLUSIVE MODE');
  const restored: ProgramRun = await rig.site.run(['restore', backup]);
  expect([0, 4]).toContain(restored.code);
  expect(await lost).toMatchObject([{ code: '57P01' }]); // admin_shutdown
  expect(await nameState('postgres', environment, { old })).toBe('old');
  await rig.site.good(['recover', 'finish']);
  expect(await leftovers(rig.site)).toEqual([]);
});
