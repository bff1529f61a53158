import { link, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BackupError } from '../../base/errors.ts';
import { together } from '../../base/together.ts';
import { ProcessFailed } from '../../base/processes.ts';
import type { Artifact, Capture } from '../../model/backup.ts';
import type { Facts } from '../../model/facts.ts';
import type { ArtifactSink, Context } from '../../model/source.ts';
import type { Instant } from '../../model/vocabulary.ts';
import { connectRedis, describeAddress, redisError, type RedisInfo } from '../../sandbox/redis-connection.ts';
import { startRedisSandbox } from '../../sandbox/redis.ts';
import { countFacts } from './count.ts';
import { rdbCreated } from './rdb.ts';
import { assertMemoryFor, assertRoomFor } from './room.ts';
import { liveAddress, type RedisSettings, sandboxRegistry } from './settings.ts';

/** The one artifact of a backup. */
export const RDB = { extension: 'rdb' } as const;

/**
 * Captures by the replication protocol: the server forks, and the child's RDB is the moment. What it holds is then
 * counted from the file in a sandbox while the same file is stored, never from the server that goes on changing.
 */
export async function captureRdb(
  settings: RedisSettings,
  sink: ArtifactSink,
  momentFixed: (at: Instant) => void,
  context: Context,
): Promise<Capture> {
  const server = await serverInfo(settings, context);
  const bytes = Number(server['used_memory'] ?? 0);
  await assertRoomFor(bytes, context.workDir);
  assertMemoryFor(bytes);
  const directory = await mkdtemp(path.join(context.workDir, 'capture-'));
  try {
    const file = path.join(directory, 'dump.rdb');
    context.progress.step('dump');
    await transfer(settings, file, momentFixed, context);
    context.progress.step('store');
    const facts = await together(context.signal, async (group) => {
      const counted = group.watch(countFile(file, directory, settings, { ...context, signal: group.signal }));
      await storeFile(file, sink);
      context.progress.step('count keys');
      return await counted;
    });
    const versions = { server: server['redis_version'] ?? 'unknown', 'redis-cli': await clientVersion(context) };
    return { facts, consistency: 'consistent', versions, warnings: [] };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function serverInfo(settings: RedisSettings, { signal }: Context): Promise<RedisInfo> {
  await using connection = await connectRedis(liveAddress(settings), signal);
  return await connection.info();
}

async function transfer(
  settings: RedisSettings,
  file: string,
  momentFixed: (at: Instant) => void,
  { processes, signal }: Context,
): Promise<void> {
  const begun = Date.now();
  const client = processes.start(dumpCommand(settings, file), {}, signal);
  const watching = new AbortController();
  const watched = announceMoment(file, begun, momentFixed, watching.signal);
  try {
    await client.ended;
  } catch (error) {
    throw dumpError(error, settings);
  } finally {
    watching.abort();
    await watched;
  }
}

/** The password goes through the environment (REDISCLI_AUTH). */
function dumpCommand({ host, port, username, password }: RedisSettings, file: string) {
  const user = username === undefined ? [] : ['--user', username];
  return {
    file: 'redis-cli',
    args: ['-h', host, '-p', String(port), ...user, '--rdb', file],
    env: password === undefined ? {} : { REDISCLI_AUTH: password },
  };
}

/**
 * Calls `momentFixed` as soon as the file's header has come, at the latest when watching ends. The header names the
 * second of the fork; where the capture began within that second, the fork came after its beginning.
 */
async function announceMoment(
  file: string,
  begun: number,
  momentFixed: (at: Instant) => void,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const last = signal.aborted;
    const created = await rdbCreated(file);
    if (created !== undefined) {
      const sameSecond = created <= begun && begun < created + 1000;
      momentFixed(new Date(sameSecond ? begun : created).toISOString());
      return;
    }
    if (last) return;
    await delay(20, undefined, { signal }).catch(() => undefined);
  }
}

function dumpError(error: unknown, settings: RedisSettings): unknown {
  if (!(error instanceof ProcessFailed)) return error;
  const said = /(?:error|failed|AUTH failed|Could not connect[^:]*): ?-?(.*)$/im.exec(lastLine(error.stderr))?.[1];
  const what = said === undefined || said === '' ? error.message : said;
  if (/No space left/.test(error.stderr))
    return new BackupError(`redis: no room for the dump: ${what}`, { kind: 'no-space', cause: error });
  if (/^(WRONGPASS|NOAUTH|NOPERM)/.test(what)) return redisError(new Error(what), liveAddress(settings));
  const where = describeAddress(liveAddress(settings));
  if (/Could not connect/.test(error.stderr))
    return new BackupError(`redis at ${where} is not reachable: ${what}`, { kind: 'unreachable', cause: error });
  return new BackupError(`redis at ${where}: the dump did not come whole: ${what}`, {
    kind: 'failed',
    hint: "look at the server's log; run the backup again",
    cause: error,
    retrySafe: true,
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

async function countFile(file: string, directory: string, settings: RedisSettings, context: Context): Promise<Facts> {
  const copy = path.join(directory, 'counted.rdb');
  await link(file, copy);
  await using sandbox = await startRedisSandbox(
    { directory, rdb: copy, processes: context.processes, registry: sandboxRegistry(settings, context) },
    context.signal,
  );
  return await countFacts(sandbox.connection, context);
}

/** The bytes go from the disk to the sink's first stage without passing through this process. */
function storeFile(file: string, sink: ArtifactSink): Promise<Artifact> {
  return sink.fromProcess(RDB, { file: 'cat', args: [file] });
}

async function clientVersion({ processes, signal }: Context): Promise<string> {
  const { stdout } = await processes.run({ file: 'redis-cli', args: ['--version'] }, signal);
  return /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? 'unknown';
}
