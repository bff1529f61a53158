import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fingerprint } from '../../platform/fingerprint/all.ts';
import { SERVICES } from '../../src/model/vocabulary.ts';
import { run } from './support/docker.ts';
import { engine, rig } from './support/rig.ts';
import { ROOT } from './support/stack.ts';

/** What later versions do; each word of the guide, with its arguments. */
const NOT_BUILT = [
  ['scheduler.sh', 'test'],
  ['restore/disaster_recovery.sh', 'plan'],
  ['restore/disaster_recovery.sh', 'test', 'latest'],
  ['common/encryption.sh', 'test'],
  ['common/encryption.sh', 'rotate-keys'],
  ['volume_manager.sh', 'create'],
  ['volume_manager.sh', 'remove-orphaned'],
];

const WRITES = `#!/bin/sh
case "$*" in *"ps --quiet"*) echo container ;; *" exec"* | exec* | *" run "* | run*) echo "$@"; env ;; esac
`;

/** Programs that only write down how they were called: the arguments, and what they would forward. */
const PROGRAMS = { docker: WRITES };

/** Runs a script, of this checkout or a copy, with other programs instead of Docker's. */
async function written(
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
  { programs = PROGRAMS, root = ROOT }: { programs?: Readonly<Record<string, string>>; root?: string } = {},
) {
  const bin = await mkdtemp(path.join(os.tmpdir(), 'docker-'));
  try {
    for (const [name, script] of Object.entries(programs))
      await writeFile(path.join(bin, name), script, { mode: 0o755 });
    const [file = '', ...args] = words;
    const ended = await run([path.join(root, 'backup', 'scripts', file), ...args], {
      PATH: `${bin}:/usr/bin:/bin`,
      ...environment,
    });
    const [called = '', ...variables] = ended.stdout.split('\n');
    return { code: ended.code, called, variables };
  } finally {
    await rm(bin, { recursive: true });
  }
}

describe('the scripts on the host', () => {
  test.each(NOT_BUILT)('%s %s says that it is not built, and does nothing', async (...words) => {
    const [file = '', ...args] = words;
    const ended = await run([path.join(ROOT, 'backup', 'scripts', file), ...args], { PATH: '/usr/bin:/bin' });
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/^error: .* not built yet; nothing was done\nhint: .*\n$/);
    expect(ended.stdout).toBe('');
  });

  test('call the container of the service, and forward what is set; no value is an argument', async () => {
    const settings = { COMPRESSION_LEVEL: '9', POSTGRES_DAILY_RETENTION: '3', NEO4J_PASSWORD: 'do not show' };
    const { called, variables } = await written(['scheduler.sh', 'backup', 'neo4j', 'weekly'], settings);
    expect(called).toBe(
      'exec -e COMPRESSION_LEVEL -e POSTGRES_DAILY_RETENTION -e NEO4J_PASSWORD -e NEO4J_PASSWORD_FILE= ' +
        'container physics-backup backup neo4j weekly',
    );
    for (const [name, value] of Object.entries(settings)) expect(variables).toContain(`${name}=${value}`);
  });

  test('name files as they are called in the containers', async () => {
    const file = '/opt/physics-assistant/backups/postgres/daily/x y.dump';
    const { called, variables } = await written(['validation/backup_validator.py', '--file', file], {
      BACKUP_DIR: '/opt/physics-assistant/backups',
      SECRETS_DIR: '/opt/physics-assistant/secrets',
      LOG_DIR: '/opt/physics-assistant-of-another/logs',
    });
    expect(called).toContain('physics-backup validate --file /backups/postgres/daily/x y.dump');
    expect(variables).toContain('BACKUP_DIR=/backups');
    expect(variables).toContain('SECRETS_DIR=/secrets');
    expect(variables).toContain('LOG_DIR=/opt/physics-assistant-of-another/logs');
  });

  test('replace the file of a secret by what is set, and not by nothing', async () => {
    const status = ['scheduler.sh', 'status'];
    expect((await written(status, { REDIS_PASSWORD: '' })).called).not.toContain('REDIS_PASSWORD');
    expect((await written(status, { REDIS_PASSWORD: 'x' })).called).toContain(
      '-e REDIS_PASSWORD -e REDIS_PASSWORD_FILE=',
    );
  });

  test('take docker-compose with a hyphen where there is no other', async () => {
    const docker =
      '#!/bin/sh\ncase "$*" in "compose version") exit 1 ;; compose*) exit 99 ;; exec*) echo "$@" ;; esac\n';
    const programs = { docker, 'docker-compose': WRITES };
    const status = await written(['scheduler.sh', 'status'], {}, { programs });
    expect(status).toMatchObject({ code: 0, called: 'exec container physics-backup status' });
    const recovery = await written(['restore/disaster_recovery.sh', 'validate'], {}, { programs });
    expect(recovery.code).toBe(0);
    expect(recovery.called).toMatch(/^--progress quiet run --rm --quiet-pull -T backup-restore doctor$/);
  });

  describe('find the settings', () => {
    let place: string;
    beforeAll(async () => {
      place = await mkdtemp(path.join(os.tmpdir(), 'settings-'));
      await mkdir(path.join(place, 'backup'));
      await writeFile(path.join(place, 'backup', '.env'), '');
    });
    afterAll(() => rm(place, { recursive: true }));

    const fileOf = async (environment: Readonly<Record<string, string>>, root = ROOT) => {
      const { variables } = await written(['scheduler.sh', 'status'], environment, { root });
      return variables.filter((line) => line.startsWith('COMPOSE_ENV_FILES='));
    };

    test('where the guide puts them, in a shell that names none (cron)', async () => {
      expect(await fileOf({ BACKUP_ROOT: place })).toEqual([`COMPOSE_ENV_FILES=${place}/backup/.env`]);
    });

    test('where the shell says', async () => {
      expect(await fileOf({ BACKUP_ROOT: place, COMPOSE_ENV_FILES: '/elsewhere' })).toEqual([
        'COMPOSE_ENV_FILES=/elsewhere',
      ]);
    });

    test('beside the compose file, as Compose does', async () => {
      const root = path.join(place, 'checkout');
      await cp(path.join(ROOT, 'backup'), path.join(root, 'backup'), { recursive: true });
      await writeFile(path.join(root, 'backup', '.env'), '');
      expect(await fileOf({ BACKUP_ROOT: place }, root)).toEqual([]);
    });
  });

  test('say which container does not run', async () => {
    const ended = await run([path.join(ROOT, 'backup/scripts/scheduler.sh'), 'backup', 'redis', 'daily'], {
      PATH: process.env['PATH'],
      COMPOSE_PROJECT_NAME: 'nobody-runs-this',
      COMPOSE_ENV_FILES: '/dev/null',
    });
    expect(ended.code).toBe(7);
    expect(ended.stderr).toMatch(/^error: .*\nhint: .*\n$/);
  });
});

describe.runIf(engine)('the scripts', () => {
  test('a forwarded RECOVERY_MODE=test changes nothing live', async () => {
    const { stack, shared } = rig();
    const before = await fingerprint(shared.environment);
    const ended = await stack.script(['restore/disaster_recovery.sh', 'recover', 'latest'], { RECOVERY_MODE: 'test' });
    expect(ended.stderr).toContain('RECOVERY_MODE=test: a recovery test in sandboxes is not built yet');
    expect(ended.code).toBe(2);
    expect(await fingerprint(shared.environment)).toEqual(before);
  });

  test('do in a container what they do on the host', async () => {
    const { stack } = rig();
    const backup = await stack.exec('postgres', '/scripts/scheduler.sh', 'backup', 'postgres', 'weekly');
    expect(backup.stdout).toMatch(/postgres_weekly_\d{8}_\d{6} /);
    const validated = await stack.exec('redis', 'python3', '/scripts/validation/backup_validator.py', '--all');
    expect(validated.stdout).toContain('postgres_weekly_');
    const asked = await stack.exec('postgres', 'pg_isready', '-h', 'postgres');
    expect(asked.stdout).toContain('accepting connections');
    const unbuilt = await stack.exec('postgres', '/scripts/common/encryption.sh', 'rotate-keys');
    expect(unbuilt.code).toBe(2);
    const found = await run(['bash', '-c', `grep -r 'encrypted.*true' ${stack.directory}/backups/*/metadata.json`]);
    expect(found.code).toBe(0);
  });
});

/** Of the deployment guide, on the host; how they may end, and what they say. 4: something needs a person. */
const GUIDE: readonly (readonly [string, readonly number[], RegExp])[] = [
  ['scheduler.sh status', [0, 4], /postgres/],
  ['scheduler.sh report', [0], /\/logs\/monitoring\/backup_report_\w+\.json/],
  ['scheduler.sh cleanup postgres daily', [0], /./],
  ['scheduler.sh cleanup all all', [0], /./],
  ['volume_manager.sh check all', [0, 4], /^backup-application /m],
  ['volume_manager.sh status', [0, 4], /^backup-postgres /m],
  ['volume_manager.sh report', [0, 4], /\/logs\/volume-health\/\w+\.json/],
  ['volume_manager.sh cleanup all 30', [0], /./],
  ['volume_manager.sh cleanup backup-postgres 7', [0], /./],
  ['restore/disaster_recovery.sh validate', [0, 4], /postgres/],
  ['restore/disaster_recovery.sh recover yearly', [5], /^error: /m],
];

describe.runIf(engine)("the guide's commands", () => {
  beforeAll(async () => {
    const taken = await rig().stack.script(['scheduler.sh', 'backup', 'all', 'manual']);
    expect([0, 4], taken.stderr).toContain(taken.code);
  });

  test.each(GUIDE)('%s', async (line, codes, says) => {
    const ended = await rig().stack.script(line.split(' '));
    expect(ended.stdout + ended.stderr).toMatch(says);
    expect(codes, ended.stdout + ended.stderr).toContain(ended.code);
  });

  test('backup_validator.py --file, by the path that the host has for it', async () => {
    const { stack } = rig();
    const taken = await stack.script(['scheduler.sh', 'backup', 'postgres', 'daily']);
    expect(taken, taken.stderr).toMatchObject({ code: 0 });
    const name = (await stack.manifests()).find((each) => each.startsWith('postgres/daily/')) ?? '';
    const file = path.join(stack.directory, 'backups', name);
    const ended = await stack.script(['validation/backup_validator.py', '--file', file]);
    expect(ended.stdout, ended.stderr).toContain('1 backup checked, 1 good');
    expect(ended.code).toBe(0);
    expect(await readFile(path.join(stack.directory, 'logs/validation/backup_validator.log'), 'utf8')).not.toBe('');
  });

  test('leave what the guide reads in the logs', async () => {
    const { stack } = rig();
    const latest = path.join(stack.directory, 'logs/monitoring/backup_report_latest.json');
    expect(JSON.parse(await readFile(latest, 'utf8'))).toBeTypeOf('object');
    for (const name of ['backup', 'restore', 'volume-health'])
      expect(await readdir(path.join(stack.directory, 'logs', name)), name).not.toEqual([]);
  });

  test.each([...SERVICES, 'monitor'] as const)(
    'the container of %s has the scripts, and python3 for one',
    async (of) => {
      const container = rig().stack.container(of);
      const words = ['docker', 'exec', container];
      const validator = await run([...words, 'python3', '/scripts/validation/backup_validator.py']);
      expect(validator).toMatchObject({ code: 2, stderr: expect.stringMatching(/^usage: /) as string });
      const listed = await run([...words, 'physics-backup', 'list']);
      expect(listed, listed.stderr).toMatchObject({ code: 0 });
      const unknown = await run([...words, '/scripts/scheduler.sh', 'dance']);
      expect(unknown).toMatchObject({ code: 2, stderr: expect.stringMatching(/^usage: /) as string });
    },
  );
});
