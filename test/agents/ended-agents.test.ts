import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Service } from '../../src/model/vocabulary.ts';
import { containerOf, type Daemon, startDaemon } from '../support/system/daemon.ts';
import { CHANGE, type Fingerprint, fingerprintOf, nameState } from '../support/system/live.ts';
import { leftovers } from '../support/system/nothing-left.ts';
import { complaintOf, documentOf, type ProgramRun, type RunOptions } from '../support/system/program.ts';
import { openRig, type Rig } from '../support/system/rig.ts';
import { unwrap, wrap } from '../support/system/site.ts';

const SERVICES = ['redis', 'application'] as const;

let rig: Rig;
let daemons: Map<Service, Daemon>;
/** The recovery point that holds `old`. */
let point: string;
const states = new Map<string, Record<string, Fingerprint>>();

beforeAll(async () => {
  rig = await openRig(SERVICES);
  daemons = new Map();
  await Promise.all(SERVICES.map((each) => start(each)));
  const old = await good('backup', 'all', 'daily');
  point = String(old['recoveryPoint']);
  await remember('old');
  for (const each of SERVICES) await CHANGE[each](rig.site.environment);
  await remember('new');
});
afterAll(async () => {
  for (const each of daemons.values()) await each[Symbol.asyncDispose]();
  await rig[Symbol.asyncDispose]();
});
beforeEach(async () => {
  expect(await stateNow()).toEqual(['new', 'new']);
});

async function start(service: Service, more: Readonly<Record<string, string>> = {}): Promise<Daemon> {
  await daemons.get(service)?.[Symbol.asyncDispose]();
  const daemon = await startDaemon(rig.site, [service], more);
  daemons.set(service, daemon);
  return daemon;
}

/** The coordinator: it has the tools of no service. */
function coordinate(args: readonly string[], options: Partial<RunOptions> = {}): Promise<ProgramRun> {
  return rig.site.run(args, { ...options, environment: { ...containerOf(rig.site, []), ...options.environment } });
}

async function good(...args: string[]): Promise<ReturnType<typeof documentOf>> {
  const run = await coordinate(['--json', ...args]);
  expect([0, 4], run.stdout + run.stderr).toContain(run.code);
  return documentOf(run);
}

async function remember(name: string): Promise<void> {
  for (const each of SERVICES)
    states.set(each, { ...states.get(each), [name]: await fingerprintOf(each, rig.site.environment) });
}

async function stateNow(): Promise<string[]> {
  return await Promise.all(SERVICES.map((each) => nameState(each, rig.site.environment, states.get(each) ?? {})));
}

function left(): Promise<string[]> {
  return leftovers(
    rig.site,
    [...daemons.values()].map((each) => each.pid),
  );
}

async function stored(): Promise<number> {
  return ((await good('list'))['backups'] as unknown[]).length;
}

describe('an agent that is killed midway', () => {
  test('is a failed part: the other service is backed up, and the next run needs no help', async () => {
    const before = await stored();
    const daemon = await start('redis', { PHYSICS_BACKUP_CRASH_AT: 'artifact.synced' });
    const run = await coordinate(['--json', 'backup', 'all', 'daily']);
    expect((await daemon.ended).killedBy).toBe('SIGKILL');
    const document = documentOf(run);
    expect(run.code).toBe(7);
    expect(document.errors).toEqual([
      expect.objectContaining({
        kind: 'unreachable',
        message: expect.stringMatching(/^redis: the agent of redis ended/) as string,
        hint: 'is physics-redis-backup running?',
      }),
    ]);
    expect(document['recoveryPoint']).toBeNull();
    expect(document['backups']).toEqual([expect.objectContaining({ service: 'application' })]);
    await start('redis');
    expect(await stored()).toBe(before + 1);
    await good('backup', 'all', 'daily');
    expect(await left()).toEqual([]);
  });

  test.each(['restore.staged', 'redis.replicating', 'swap.done'])(
    'of a recovery, at %s, leaves what the next run puts back',
    async (where) => {
      const daemon = await start('redis', { PHYSICS_BACKUP_CRASH_AT: where });
      const run = await coordinate(['--quiet', 'recover', point]);
      expect((await daemon.ended).killedBy).toBe('SIGKILL');
      expect(run.code).toBe(7);
      expect(run.stderr).toMatch(/note: .* failed and could not be put back/);
      await start('redis');
      await good('recover', 'resume');
      expect(await stateNow()).toEqual(['new', 'new']);
      expect(await left()).toEqual([]);
    },
  );

  test('is said by doctor, and no reason not to list', async () => {
    await daemons.get('redis')?.[Symbol.asyncDispose]();
    const run = await coordinate(['--json', 'doctor']);
    expect(run.code).toBe(7);
    expect(documentOf(run).errors).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/^redis: the agent of redis is not there/) as string }),
    ]);
    expect(await stored()).toBeGreaterThan(0);
    await start('redis');
    await good('doctor');
  });
});

describe('a coordinator that ends midway', () => {
  const words = { backup: ['backup', 'all', 'hourly'], recover: ['recover', ''] };
  const ofRecovery = (args: readonly string[]): string[] => args.map((each) => (each === '' ? point : each));

  test.each([
    ['backup', 'redis: count keys'],
    ['recover', 'redis: waiting'],
    ['recover', 'redis: replicate to the live server'],
    ['recover', 'application: swap'],
  ] as const)('killed in %s at "%s": the agents let go, and the next run settles', async (what, said) => {
    const run = await coordinate(ofRecovery(words[what]), { signalAt: { signal: 'SIGKILL', said } });
    expect(run.killedBy).toBe('SIGKILL');
    await good('backup', 'all', 'manual');
    expect(await stateNow()).toEqual(['new', 'new']);
    expect(await left()).toEqual([]);
  });

  test.each([
    ['backup', 'redis: count keys'],
    ['backup', 'application: read back'],
    ['recover', 'redis: load into sandbox'],
    ['recover', 'application: swap'],
  ] as const)('interrupted in %s at "%s": all is cleaned up before it has ended', async (what, said) => {
    const run = await coordinate(ofRecovery(words[what]), { signalAt: { signal: 'SIGTERM', said } });
    expect(run).toMatchObject({
      code: 143,
      stderr: expect.stringContaining('error: interrupted by SIGTERM') as string,
    });
    expect(await left()).toEqual([]);
    expect(await stateNow()).toEqual(['new', 'new']);
  });
});

describe('what the operator reads is the same as in one process', () => {
  const broken: readonly (readonly [string, Readonly<Record<string, string>>, readonly string[]])[] = [
    ['a wrong password', { REDIS_PASSWORD: 'wrong' }, ['backup', 'all', 'daily']],
    ['a server that is not there', { REDIS_PORT: '1' }, ['backup', 'all', 'daily']],
    ['a directory that is not there', { APPLICATION_PATHS: 'uploads=/not/there' }, ['backup', 'all', 'daily']],
    ['a setting that is missing', { APPLICATION_PATHS: '' }, ['backup', 'application', 'daily']],
    ['a type that is not built', {}, ['backup', 'redis', 'incremental']],
  ];

  test.each(broken)('%s', async (_what, variables, args) => {
    const alone = await rig.site.run(['--quiet', ...args], { environment: variables });
    for (const each of SERVICES) await start(each, variables);
    const apart = await coordinate(['--quiet', ...args]);
    for (const each of SERVICES) await start(each);
    expect(alone.code).not.toBe(0);
    expect({ code: apart.code, stderr: apart.stderr }).toEqual({ code: alone.code, stderr: alone.stderr });
    expect(await left()).toEqual([]);
  });

  test('but for whose keyring it is', async () => {
    const variables = { SECRETS_DIR: '/proc/none' };
    const alone = await rig.site.run(['--quiet', 'backup', 'redis', 'daily'], { environment: variables });
    await start('redis', variables);
    const apart = await coordinate(['--quiet', 'backup', 'redis', 'daily']);
    await start('redis');
    expect(alone.stderr).toMatch(/^error: the keyring/);
    expect({ code: apart.code, stderr: apart.stderr.replace('error: redis: ', 'error: ') }).toEqual({
      code: 8,
      stderr: alone.stderr,
    });
  });

  test('the time limit is the coordinator’s', async () => {
    await wrap(rig.site, 'tar', 'case "$*" in *--version*) echo "tar (GNU tar) 1.35" ;; *) exec sleep 1000 ;; esac');
    const run = await coordinate(['--quiet', 'backup', 'all', 'daily'], { environment: { BACKUP_TIMEOUT: '1' } });
    await unwrap(rig.site, 'tar');
    const { errors, hints } = complaintOf(run);
    expect({ code: run.code, errors, hints }).toEqual({
      code: 9,
      errors: ['stopped at the time limit of 1.0 s'],
      hints: ['raise BACKUP_TIMEOUT (seconds)'],
    });
    expect(await left()).toEqual([]);
  });
});

test('any container may coordinate: its own service in its process, the others over their sockets', async () => {
  const environment = containerOf(rig.site, ['application']);
  await rig.site.good(['recover', point], { environment });
  expect(await stateNow()).toEqual(['old', 'old']);
  await rig.site.good(['recover', 'rollback'], { environment });
  expect(await stateNow()).toEqual(['new', 'new']);
  expect(await left()).toEqual([]);
});
