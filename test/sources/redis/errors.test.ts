import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { redisSource } from '../../../src/sources/redis/source.ts';
import {
  captureToFiles,
  type FileBackup,
  FileSafetyCopies,
  FileSink,
  MemoryJournal,
  type TestContext,
  testContext,
} from '../../support/file-backup.ts';
import { fill } from './fill.ts';
import { TestRedis } from './server.ts';

let redis: TestRedis;
let context: TestContext;

beforeEach(async () => {
  redis = await TestRedis.start();
  context = await testContext();
});

afterEach(async () => {
  await redis[Symbol.asyncDispose]();
  await context[Symbol.asyncDispose]();
});

test('a server that is down is said by inspect and by capture, and nothing is left', async () => {
  await redis.kill();
  const source = redisSource(redis.settings);
  expect(await problems(redis)).toEqual([expect.objectContaining({ kind: 'unreachable', subject: 'server' })]);
  await expect(captureToFiles(source, context.workDir, context)).rejects.toMatchObject({ kind: 'unreachable' });
  await expectNothingLeft();
});

test('a wrong password is denied, and never shown', async () => {
  const source = redisSource({ ...redis.settings, password: 'not the password' });
  const failure = await captureToFiles(source, context.workDir, context).catch((error: unknown) => error);
  expect(failure).toMatchObject({ kind: 'denied', hint: expect.stringContaining('REDIS_PASSWORD') as string });
  expect(JSON.stringify(failure) + String(failure)).not.toContain('not the password');
  const { findings } = await source.inspect(context);
  expect(findings.filter((each) => each.severity === 'problem')).toMatchObject([{ kind: 'denied' }]);
});

test('a password for a server that has none is said to be that', async () => {
  await using open = await TestRedis.start(['requirepass ""']);
  expect(await problems(open)).toMatchObject([
    { kind: 'denied', message: expect.stringContaining('has no password') as string },
  ]);
});

test('a server that a Sentinel watches over is not restored into', async () => {
  await using sentinel = await TestRedis.startSentinel(redis);
  await expect.poll(async () => (await problems(redis)).length, { timeout: 20_000 }).toBe(1);
  expect(await problems(redis)).toMatchObject([
    { stops: 'restore', message: expect.stringContaining('Sentinel') as string },
  ]);
  expect((await problems(sentinel)).map((each) => each.message)).toContain(
    'this is a Sentinel, not a server with data',
  );
  await captureToFiles(redisSource(redis.settings), context.workDir, context);
});

test('a user without rights is told which, before and during a capture', async () => {
  await using live = await redis.connect();
  const allowed = ['+info', '+ping', '+command', '+module|list', '+acl|whoami'];
  await live.send('ACL', 'SETUSER', 'backup', 'on', '>pw', '~*', ...allowed, '+acl|dryrun');
  const settings = { ...redis.settings, username: 'backup', password: 'pw' };
  const missing = (await problems(redis, settings)).map(({ message, hint, stops }) => ({ message, hint, stops }));
  expect(missing).toContainEqual({
    message: 'the user "backup" may not run SYNC',
    hint: 'ACL SETUSER backup +sync',
    stops: 'backup',
  });
  expect(missing).toContainEqual({
    message: 'the user "backup" may not run CONFIG SET',
    hint: 'ACL SETUSER backup +config|set',
    stops: 'restore',
  });
  const captured = captureToFiles(redisSource(settings), context.workDir, context);
  await expect(captured).rejects.toMatchObject({ kind: 'denied', message: expect.stringContaining('sync') as string });
  await expectNothingLeft();
  for (const { hint } of missing) await live.send(...(hint ?? '').split(' '));
  expect(await problems(redis, settings)).toEqual([]);
  const source = redisSource(settings);
  const backup = await captureToFiles(source, context.workDir, context);
  // the rights that were named are all that a restore takes
  const safety = new FileSafetyCopies(source, context.workDir, [backup]);
  await live.send('SET', 'since', 'the backup');
  await using staged = await source.stage({ chain: [backup], target: 'live' }, new MemoryJournal(), safety, context);
  await staged.swap(context);
  expect(await live.send('EXISTS', 'since')).toBe(0);
  expect(await live.send('SET', 'writers', 'go on')).toBe('OK');
  await staged.rollback(context);
  expect(await live.send('GET', 'since')).toBe('the backup');

  await live.send('ACL', 'SETUSER', 'backup', '-acl|dryrun');
  const { findings } = await redisSource(settings).inspect(context);
  expect(findings).toContainEqual(expect.objectContaining({ subject: 'rights', severity: 'warning' }));
});

test('a redis-cli that is killed midway fails the capture', async () => {
  await using live = await redis.connect();
  await slowDump();
  const sink = new FileSink(context.workDir);
  const capturing = redisSource(redis.settings).capture('daily', sink, () => undefined, context);
  const failure = capturing.catch((error: unknown) => error);
  process.kill(await pidOf(`--rdb ${context.workDir}`), 'SIGKILL');
  expect(await failure).toMatchObject({ kind: 'failed', retrySafe: true });
  expect(sink.artifacts).toEqual([]);
  await expectNothingLeft();
  await live.send('PING');
});

test('a cancelled capture ends its client and leaves nothing', async () => {
  await slowDump();
  const cancelling = new AbortController();
  const capturing = captureToFiles(redisSource(redis.settings), context.workDir, {
    ...context,
    signal: cancelling.signal,
  });
  const failure = capturing.catch((error: unknown) => error);
  await pidOf(`--rdb ${context.workDir}`);
  cancelling.abort();
  expect(await failure).toMatchObject({ kind: 'cancelled' });
  expect(await findPid(`--rdb ${context.workDir}`)).toBeUndefined();
  await expectNothingLeft();
});

test('a damaged RDB is found wherever it is damaged, and refused before anything live is touched', async () => {
  await fill(redis);
  const source = redisSource(redis.settings);
  const backup = await captureToFiles(source, context.workDir, context);
  const before = await redis.contents();
  const file = path.join(backup.directory, 'rdb');
  const sound = await readFile(file);
  const flipped = [9, 200, sound.length >> 1, sound.length - 1].map((at) => {
    const copy = Buffer.from(sound);
    copy[at] = (copy[at] ?? 0) ^ 0x10;
    return copy;
  });
  const cut = [0, 9, sound.length >> 1, sound.length - 1].map((length) => sound.subarray(0, length));
  for (const damaged of [...flipped, ...cut]) {
    await writeFile(file, damaged);
    expect((await source.checkContent(backup, context)).errors).toHaveLength(1);
  }
  const journal = new MemoryJournal();
  await expect(stage(backup, journal)).rejects.toMatchObject({ kind: 'damaged' });
  expect(journal.notes).toEqual([]);
  expect(await redis.contents()).toEqual(before);
  await expectNothingLeft();
});

test('a backup with other keys than its facts say does not pass', async () => {
  await fill(redis);
  const source = redisSource(redis.settings);
  const backup = await captureToFiles(source, context.workDir, context);
  await using live = await redis.connect();
  await live.send('SET', 'text', 'other');
  await live.send('DEL', 'list');
  const other = await captureToFiles(source, context.workDir, context);
  const { errors } = await source.checkContent({ ...other, facts: backup.facts }, context);
  expect(errors.map((each) => each.split(':')[0])).toEqual(['digest db0', 'keys', 'keys db0 list']);
});

test('more data than maxmemory, or a database that is missing, is refused at staging', async () => {
  await fill(redis);
  const backup = await captureToFiles(redisSource(redis.settings), context.workDir, context);
  await using live = await redis.connect();
  await live.send('CONFIG', 'SET', 'maxmemory', '1mb');
  await expect(stage(backup)).rejects.toMatchObject({ kind: 'no-space' });
  await using small = await TestRedis.start(['databases 4']);
  const source = redisSource(small.settings);
  const staging = source.stage({ chain: [backup], target: 'live' }, new MemoryJournal(), safetyOf(backup), context);
  await expect(staging).rejects.toMatchObject({ hint: expect.stringContaining('databases 16') as string });
  await expectNothingLeft();
});

test('a sandbox that the live server cannot reach leaves the live data as it was', async () => {
  await fill(redis);
  const backup = await captureToFiles(redisSource(redis.settings), context.workDir, context);
  await using live = await redis.connect();
  await live.send('SET', 'since', 'the backup');
  const before = await redis.contents();
  const source = redisSource({ ...redis.settings, sandboxHost: '127.0.0.9' }); // the sandbox listens on 127.0.0.1
  const request = { chain: [backup], target: 'live' } as const;
  await using staged = await source.stage(request, new MemoryJournal(), safetyOf(backup), context);
  await expect(staged.swap(context)).rejects.toMatchObject({ kind: 'unreachable' });
  expect((await live.info('replication'))['role']).toBe('master');
  expect(await redis.contents()).toEqual(before);
  expect(await live.send('CONFIG', 'GET', 'masterauth')).toEqual(['masterauth', '']);
  expect(await staged.state(context)).toBe('staged');
  expect(await live.send('SET', 'writers', 'go on')).toBe('OK');
  await staged.rollback(context);
  expect(await staged.state(context)).toBe('rolled-back');
});

test('a restore begun on another server is not taken up', async () => {
  await fill(redis);
  const backup = await captureToFiles(redisSource(redis.settings), context.workDir, context);
  const journal = new MemoryJournal();
  await using staged = await stage(backup, journal);
  await staged.discard(context);
  const other = redisSource({ ...redis.settings, port: 1 });
  const attached = other.attach(journal.last, [], journal, safetyOf(backup), context);
  await expect(attached).rejects.toMatchObject({ kind: 'failed' });
});

test.each([
  ['cluster-enabled yes', /Redis Cluster/],
  ['replicaof 127.0.0.1 1', /replica of 127\.0\.0\.1:1/],
  ['rename-command REPLICAOF ""', /REPLICAOF is renamed or disabled/],
  ['rename-command SYNC hidden', /SYNC is renamed or disabled/],
])('a server with "%s" is refused beforehand', async (line, message) => {
  await using odd = await TestRedis.start([line]);
  expect((await problems(odd)).map((each) => each.message).join('\n')).toMatch(message);
});

async function problems(server: TestRedis, settings = server.settings) {
  const { findings } = await redisSource(settings).inspect(context);
  return findings.filter((each) => each.severity === 'problem');
}

function safetyOf(...known: FileBackup[]): FileSafetyCopies {
  return new FileSafetyCopies(redisSource(redis.settings), context.workDir, known);
}

function stage(backup: FileBackup, journal = new MemoryJournal()) {
  const request = { chain: [backup], target: 'live' } as const;
  return redisSource(redis.settings).stage(request, journal, safetyOf(backup), context);
}

/** No capture, extraction or sandbox in the work directory; whole backups of these tests lie there too. */
async function expectNothingLeft(): Promise<void> {
  const names = await readdir(context.workDir);
  expect(names.filter((name) => !name.startsWith('redis_manual_') && name !== 'sandboxes')).toEqual([]);
  expect(await readdir(path.join(context.workDir, 'sandboxes')).catch(() => [])).toEqual([]);
}

/** A dump that takes seconds: each key costs a millisecond. */
async function slowDump(): Promise<void> {
  const driver = await redis.driver();
  await Promise.all(Array.from({ length: 5000 }, (_, at) => driver.set(`key ${at}`, 'x'.repeat(100))));
  await driver.sendCommand(['CONFIG', 'SET', 'rdb-key-save-delay', '1000']);
  driver.destroy();
}

async function pidOf(words: string): Promise<number> {
  for (;;) {
    const pid = await findPid(words);
    if (pid !== undefined) return pid;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function findPid(words: string): Promise<number | undefined> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.replaceAll('\0', ' ').includes(words) && line.startsWith('/')) return Number(pid);
  }
  return undefined;
}
