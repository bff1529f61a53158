import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { complaintOf, documentOf, type ProgramRun, runProgram } from '../support/system/program.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/physics-backup', import.meta.url));

let directory: string;
let environment: Record<string, string>;
beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'cli-'));
  const at = (name: string): string => path.join(directory, name);
  environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: directory,
    XDG_CACHE_HOME: path.join(os.homedir(), '.cache'),
    BACKUP_DIR: at('backups'),
    SECRETS_DIR: at('secrets'),
    STATE_DIR: at('state'),
    LOG_DIR: at('logs'),
  };
});
afterAll(() => rm(directory, { recursive: true }));

function run(args: readonly string[], more: Record<string, string> = {}): Promise<ProgramRun> {
  return runProgram(args, { environment: { ...environment, ...more } });
}

describe('wrong usage', () => {
  test.each([
    [['bakup', 'postgres', 'daily'], "unknown command 'bakup'", 'did you mean "backup"?'],
    [['backup', 'postgers', 'daily'], 'unknown service "postgers"', 'did you mean "postgres"?'],
    [['backup', 'postgres', 'dialy'], 'unknown type "dialy"', 'did you mean "daily"?'],
    [['backup', 'mysql', 'daily'], 'unknown service "mysql"', 'use one of: postgres, neo4j, redis, application, all'],
    [['list', '--tpye', 'daily'], "unknown option '--tpye'", 'did you mean "--type"?'],
    [['backup', 'postgres'], "missing required argument 'type'", 'see: physics-backup --help'],
    [['show', 'nonsense'], '"nonsense" is not the id of a backup', 'ids look like'],
    [['show', 'postgres_daily_20260231_000000'], '"postgres_daily_20260231_000000" is not the id', 'ids look like'],
    [['recover', 'lates'], 'unknown recovery point "lates"', 'did you mean "latest"?'],
    [['validate', '--all', 'postgres_daily_20260816_020000'], 'validate takes an id, --file or --all', ''],
  ])('%j is exit 2 and names the nearest', async (args, message, hint) => {
    const ended = await run(args);
    const { errors, hints, others } = complaintOf(ended);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(errors).toEqual([expect.stringContaining(message)]);
    expect(hints.join('\n')).toContain(hint);
    expect(others).toEqual([]);
  });

  test('with --json is a document', async () => {
    const ended = await run(['--json', 'bakup']);
    expect(ended).toMatchObject({ code: 2, stderr: '' });
    expect(documentOf(ended)).toMatchObject({
      ok: false,
      errors: [{ kind: 'usage', message: "unknown command 'bakup'", hint: 'did you mean "backup"?', code: 2 }],
    });
  });

  test('without a command is the help, on standard error', async () => {
    const ended = await run([]);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain('Usage: physics-backup');
  });

  test('a crash point that does not exist is named', async () => {
    const ended = await run(['list'], { PHYSICS_BACKUP_CRASH_AT: 'manifest.linkd' });
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('did you mean manifest.linked?');
  });
});

describe('help', () => {
  const commands = ['backup', 'list', 'show', 'validate', 'recover', 'restore', 'config', 'doctor'];

  test('names every command, fits 80 columns and is a result', async () => {
    const { code, stdout, stderr } = await run(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const each of commands) expect(stdout).toMatch(new RegExp(`^  ${each} `, 'm'));
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test.each(commands)('%s --help needs no configuration', async (command) => {
    const { code, stdout } = await run([command, '--help'], { POSTGRES_PORT: 'nonsense' });
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: physics-backup ${command}`);
    expect(stdout).toContain('--json');
  });

  test('--version is that of the package', async () => {
    expect((await run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('configuration', () => {
  const wrong = { POSTGRES_PORT: 'x', COMPRESSION_LEVEL: '11', BACKUP_ENCRYPTON: 'true', DRY_RUN: 'true' };

  test.each([['config', 'check'], ['list'], ['backup', 'redis', 'daily'], ['doctor']])(
    'errors come all at once from %s %s',
    async (...args) => {
      const ended = await run(
        args.filter((each) => typeof each === 'string'),
        wrong,
      );
      const { errors } = complaintOf(ended);
      expect(ended.code).toBe(2);
      expect(errors).toHaveLength(4);
      expect(errors.join('\n')).toMatch(/POSTGRES_PORT.*\n?/);
    },
  );

  test('check says that all is good', async () => {
    const ended = await run(['config', 'check']);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(/^the configuration is good: \d+ settings\n$/);
  });

  test('show prints values and where they came from, also while there are errors', async () => {
    const ended = await run(['config', 'show'], {
      POSTGRES_HOST: 'db.example',
      REDIS_PASSWORD: 'MARKER',
      DRY_RUN: 'yes',
    });
    expect(ended.code).toBe(2);
    expect(ended.stdout).toMatch(/^POSTGRES_HOST +db\.example +environment$/m);
    expect(ended.stdout).toMatch(/^REDIS_PASSWORD +set +environment$/m);
    expect(ended.stdout).toMatch(/^NEO4J_PASSWORD +not set$/m);
    expect(ended.stdout + ended.stderr).not.toContain('MARKER');
  });

  test('a service without its settings is never left out in silence', async () => {
    const ended = await run(['backup', 'all', 'daily']);
    expect(ended.code).toBe(2);
    expect(complaintOf(ended).errors).toEqual([expect.stringContaining('application: APPLICATION_PATHS')]);
    expect(complaintOf(ended).hints).toEqual([expect.stringContaining('BACKUP_SERVICES')]);
    expect(ended.stdout).toBe('');
  });
});

describe('the process', () => {
  test('a reader that goes away ends nothing and is not complained about', async () => {
    const child = spawn(PROGRAM, ['config', 'show'], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += String(chunk)));
    child.stdout.destroy();
    const [code] = (await once(child, 'close')) as [number | null];
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('runs from anywhere, through links', async () => {
    const link = path.join(directory, 'link');
    const second = path.join(directory, 'second');
    await symlink(PROGRAM, link);
    await symlink('link', second);
    const child = spawn(second, ['--version'], { env: environment, cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] });
    const [code] = (await once(child, 'close')) as [number | null];
    expect(code).toBe(0);
  });

  test('without its own Node says what to do', async () => {
    const bin = path.join(directory, 'clone', 'bin');
    await mkdir(bin, { recursive: true });
    await copyFile(PROGRAM, path.join(bin, 'physics-backup'));
    const child = spawn(path.join(bin, 'physics-backup'), ['list'], { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += String(chunk)));
    const [code] = (await once(child, 'close')) as [number | null];
    expect(code).toBe(2);
    expect(stderr).toMatch(/error: .* is not set up.*\nhint: .*npm run setup/);
  });
});
