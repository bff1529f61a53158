import { spawn } from 'node:child_process';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applicationDirectories } from '../../../platform/clients/application.ts';
import { withPostgres } from '../../../platform/clients/postgres.ts';
import { withRedis } from '../../../platform/clients/redis.ts';
import { lockFile } from '../../../src/base/file-lock.ts';
import { testProcesses } from '../file-backup.ts';
import { filesOf } from './damage.ts';
import { childrenOf, leftovers } from './nothing-left.ts';
import { openRig, type Rig, takeBackup } from './rig.ts';

let rig: Rig;
let backup: string;

beforeAll(async () => {
  rig = await openRig(['postgres', 'redis', 'application']);
  backup = await takeBackup(rig.site, 'application');
});
afterAll(() => rig[Symbol.asyncDispose]());

/** Leaves something, looks, and takes it away again. */
async function seenAs(leave: () => Promise<() => Promise<unknown>>): Promise<string> {
  expect(await leftovers(rig.site)).toEqual([]);
  const undo = await leave();
  const found = await leftovers(rig.site);
  await undo();
  return found.join('\n');
}

async function file(...names: string[]): Promise<() => Promise<unknown>> {
  const name = path.join(rig.site.directory, ...names);
  await mkdir(path.dirname(name), { recursive: true });
  await writeFile(name, '');
  return () => rm(name);
}

test('a temporary file is seen', async () => {
  expect(await seenAs(() => file('backups', 'redis', 'daily', '.a.0123456789ab.part'))).toMatch(/unfinished file/);
});

test('files of a backup whose manifest is gone are seen', async () => {
  const seen = await seenAs(async () => {
    const files = await filesOf(rig.site, backup);
    const manifest = files.find((each) => each.endsWith('.metadata.json')) ?? '';
    await rename(manifest, `${rig.site.directory}/aside`);
    return () => rename(`${rig.site.directory}/aside`, manifest);
  });
  expect(seen).toMatch(/file without a manifest .*\.tar\.zst\.enc/);
});

test('a lock that is held is seen', async () => {
  const seen = await seenAs(async () => {
    const name = path.join(rig.site.backups, 'application', '.lock');
    const lock = await lockFile(name, 'exclusive', testProcesses, new AbortController().signal);
    return async () => lock?.[Symbol.asyncDispose]();
  });
  expect(seen).toMatch(/held lock/);
});

test('a recovery that has no end, a work directory, and a temporary file elsewhere are seen', async () => {
  expect(await seenAs(() => file('state', 'recovery', 'recovery_1.jsonl'))).toMatch(/recovery without an end/);
  expect(await seenAs(() => file('state', 'work', 'redis-1'))).toMatch(/left in .*work: redis-1/);
  expect(await seenAs(() => file('tmp', 'x'))).toMatch(/left in .*tmp: x/);
});

test('a child that lives on is seen', async () => {
  const child = spawn('sleep', ['1000'], { env: rig.site.environment });
  expect((await childrenOf(rig.site)).join()).toMatch(/process \d+: sleep 1000/);
  child.kill();
});

test('what stands beside the live data is seen', async () => {
  const { environment } = rig.site;
  const database = await seenAs(async () => {
    const run = (sql: string) => withPostgres(environment, 'superuser', 'postgres', (client) => client.query(sql));
    await run('CREATE DATABASE stranger');
    return () => run('DROP DATABASE stranger');
  });
  expect(database).toMatch(/database stranger/);
  const replica = await seenAs(async () => {
    await withRedis(environment, (send) => send('REPLICAOF', '127.0.0.1', '1'));
    return () => withRedis(environment, (send) => send('REPLICAOF', 'NO', 'ONE'));
  });
  expect(replica).toMatch(/redis is a replica/);
  const [first] = applicationDirectories(environment);
  const directory = await seenAs(async () => {
    await mkdir(`${first?.path ?? ''}.stranger`);
    return () => rm(`${first?.path ?? ''}.stranger`, { recursive: true });
  });
  expect(directory).toMatch(/beside the live directories/);
});

test('writers that are held back are seen', async () => {
  const seen = await seenAs(async () => {
    await withRedis(rig.site.environment, (send) => send('CLIENT', 'PAUSE', '60000', 'WRITE'));
    return () => withRedis(rig.site.environment, (send) => send('CLIENT', 'UNPAUSE'));
  });
  expect(seen).toMatch(/redis holds writers back/);
});
