import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OwnServices, startServices } from '../support/system/own-services.ts';
import { documentOf, type ProgramRun } from '../support/system/program.ts';
import { openSite, type Site } from '../support/system/site.ts';

/** One word for each secret that the program knows, so that a leak names its source. */
const MARKERS = {
  PHYSICS_DB_PASSWORD: 'marker-physics-7d1f',
  POSTGRES_PASSWORD: 'marker-postgres-93ab',
  NEO4J_PASSWORD: 'marker-neo4j-55c0',
  REDIS_PASSWORD: 'marker-redis-e2d4',
  AWS_ACCESS_KEY_ID: 'marker-aws-id-08f6',
  AWS_SECRET_ACCESS_KEY: 'marker-aws-key-b7a1',
  EMAIL_SMTP_PASSWORD: 'marker-smtp-4c3e',
} as const;

let services: OwnServices;
let wrong: Site;
beforeAll(async () => {
  services = await startServices(['postgres', 'redis', 'application']);
  // Servers that answer, and refuse: their complaints must not carry what they were given.
  const live = { ...services.environment, ...MARKERS, NEO4J_HOST: '127.0.0.1', NEO4J_PORT: '1' };
  wrong = await openSite(['postgres', 'neo4j', 'redis', 'application'], live);
});
afterAll(async () => {
  await wrong[Symbol.asyncDispose]();
  await services[Symbol.asyncDispose]();
});

/** Everything that the run said or left, but the keyring. */
async function traces(site: Site, run: ProgramRun): Promise<string> {
  const directories = [site.logs, site.backups, site.state, site.temporary];
  const files = await Promise.all(directories.map((each) => filesBelow(each)));
  const contents = await Promise.all(files.flat().map((file) => readFile(file, 'latin1')));
  return [run.stdout, run.stderr, ...files.flat(), ...contents].join('\n');
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  return entries.filter((each) => each.isFile()).map((each) => path.join(each.parentPath, each.name));
}

function leaked(text: string, secrets: Readonly<Record<string, string>>): string[] {
  return Object.entries(secrets).flatMap(([name, value]) => (text.includes(value) ? [name] : []));
}

test.each([
  [['config', 'show'], 0],
  [['config', 'show', '--json'], 0],
  [['config', 'check'], 0],
  [['doctor'], 7],
  [['doctor', '--json'], 7],
  [['backup', 'postgres', 'daily'], 7],
  [['backup', 'redis', 'daily'], 7],
  [['backup', 'neo4j', 'daily'], 7],
  [['backup', 'all', 'daily', '--json'], 7],
  [['recover', 'latest'], 5],
])('%j ends with %i and repeats no secret', async (args, code) => {
  const run = await wrong.run(args);
  expect({ code: run.code, said: run.stderr }).toMatchObject({ code });
  expect(leaked(await traces(wrong, run), MARKERS)).toEqual([]);
});

test('a wrong secret file and a mistyped name repeat no secret either', async () => {
  const run = await wrong.run(['config', 'check'], {
    environment: { ...wrong.environment, NEO4J_PASWORD: 'marker-typed', WEBHOOK_URL: 'ftp://marker-hook/x' },
  });
  expect(run.code).toBe(2);
  expect(run.stdout + run.stderr).not.toContain('marker-');
});

test('a backup that works leaves no secret in its files, logs or words', async () => {
  const { PHYSICS_DB_PASSWORD = '', POSTGRES_PASSWORD = '', REDIS_PASSWORD = '' } = services.environment;
  await using good = await openSite(['postgres', 'redis', 'application'], services.environment);
  const plain = { environment: { BACKUP_ENCRYPTION: 'false', BACKUP_COMPRESSION: 'false' } };
  const run = await good.run(['backup', 'all', 'daily', '--json'], plain);
  expect(documentOf(run).errors).toEqual([]);
  const secrets = { PHYSICS_DB_PASSWORD, POSTGRES_PASSWORD, REDIS_PASSWORD };
  expect(Object.values(secrets)).not.toContain('');
  expect(leaked(await traces(good, run), secrets)).toEqual([]);
});
