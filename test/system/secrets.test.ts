import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRig, type Rig, takeBackup } from '../support/system/rig.ts';
import { filesWith, watchCommandLines } from '../support/system/secrets.ts';

let rig: Rig;
let words: string[];

/** Secrets that nothing uses yet, and that nothing may say either. */
const UNUSED = {
  NEO4J_PASSWORD: 'marker-of-neo4j-0b7c',
  AWS_ACCESS_KEY_ID: 'marker-of-aws-id-55aa',
  AWS_SECRET_ACCESS_KEY: 'marker-of-aws-8d21',
  EMAIL_SMTP_PASSWORD: 'marker-of-smtp-91fe',
};

beforeAll(async () => {
  rig = await openRig(['postgres', 'redis', 'application']);
  const { POSTGRES_PASSWORD, PHYSICS_DB_PASSWORD, REDIS_PASSWORD } = rig.site.environment;
  words = [POSTGRES_PASSWORD, PHYSICS_DB_PASSWORD, REDIS_PASSWORD].map((each) => each ?? '');
  words.push(...Object.values(UNUSED));
});
afterAll(() => rig[Symbol.asyncDispose]());

/** Every command, with what it says; some fail on purpose: errors are where secrets slip out. */
async function everything(): Promise<string> {
  const { site } = rig;
  const environment = UNUSED;
  const said: string[] = [];
  const run = async (args: readonly string[], more: Record<string, string> = {}): Promise<void> => {
    const { stdout, stderr } = await site.run(args, { environment: { ...environment, ...more } });
    said.push(stdout, stderr);
  };
  await run(['backup', 'all', 'daily']);
  const backup = await takeBackup(site, 'redis');
  await run(['config', 'show']);
  await run(['--json', 'config', 'show']);
  await run(['doctor']);
  await run(['validate', '--all']);
  await run(['recover', 'latest']);
  await run(['recover', 'rollback']);
  await run(['restore', backup]);
  await run(['recover', 'status']);
  await run(['recover', 'finish']);
  await run(['backup', 'postgres', 'daily'], { POSTGRES_PORT: '1' });
  await run(['backup', 'postgres', 'daily'], { POSTGRES_USER: 'nobody_there' });
  await run(['backup', 'redis', 'daily'], { REDIS_USER: 'nobody_there' });
  await run(['backup', 'postgres', 'daily'], { PHYSICS_BACKUP_CRASH_AT: 'artifacts.done' });
  return said.join('\n');
}

test('no secret is said, logged, stored, or to be seen in a list of processes', async () => {
  const { site } = rig;
  const done = new AbortController();
  const watched = watchCommandLines(site, done.signal);
  const said = await everything();
  done.abort();
  const lines = [...(await watched)].join('\n');
  const { keys } = JSON.parse(await readFile(path.join(site.secrets, 'backup-keyring.json'), 'utf8')) as {
    keys: { key: string }[];
  };
  words.push(...keys.map((each) => each.key));

  expect(lines).toMatch(/pg_dump/); // it was seen at work
  expect(lines).toMatch(/redis-cli/);
  expect(words.filter((word) => said.includes(word))).toEqual([]);
  expect(words.filter((word) => lines.includes(word))).toEqual([]);
  for (const directory of [site.logs, site.backups, site.state]) expect(await filesWith(directory, words)).toEqual([]);
});
