import { randomBytes } from 'node:crypto';
import { copyFile, link, readFile, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BackupError, throwIfAborted } from '../base/errors.ts';
import type { Processes, RunningProcess } from '../base/processes.ts';
import { freePort } from './ports.ts';
import { registerSandbox } from './registry.ts';
import { connectRedis, type RedisConnection } from './redis-connection.ts';

export interface RedisSandboxSettings {
  /** A new directory is made here; it holds the data set's file while the sandbox lives. */
  readonly directory: string;
  /** The RDB file to load; it is moved into the sandbox. */
  readonly rdb: string;
  /** The name under which another server reaches the sandbox over TCP; without it, it listens on a unix socket only. */
  readonly host?: string;
  /** Where the sandbox is registered, for a later run to sweep it if this one is killed. */
  readonly registry: string;
  readonly processes: Processes;
}

/**
 * A throwaway Redis server that holds one RDB. It believes itself to be the replica of a master that cannot be
 * reached: a replica never expires keys by itself, so what was captured stays countable
 * (redis.io/docs/latest/operate/oss_and_stack/management/replication, "How Redis replication deals with expires on keys").
 */
export interface RedisSandbox extends AsyncDisposable {
  readonly connection: RedisConnection;
  /** Where `host` was given. */
  readonly port: number | undefined;
  readonly password: string;
}

/** Enough for any configuration in use; a database that is not used costs about half a kilobyte. */
const SANDBOX_DATABASES = 4096;

/** Starts a sandbox and waits until it has loaded everything. Kinds: `damaged`, `too-old`, `no-space`, `failed`. */
export async function startRedisSandbox(settings: RedisSandboxSettings, signal: AbortSignal): Promise<RedisSandbox> {
  throwIfAborted(signal);
  const directory = path.join(settings.directory, `sandbox-${randomBytes(4).toString('hex')}`);
  await using stack = new AsyncDisposableStack();
  const registered = stack.use(await registerSandbox(settings.registry, directory, settings.processes, signal));
  const password = randomBytes(24).toString('hex');
  const port = settings.host === undefined ? undefined : await freePort();
  await writeFile(path.join(directory, 'redis.conf'), configuration(settings, password, port), { mode: 0o600 });
  await adopt(settings.rdb, path.join(directory, 'dump.rdb'));
  const server = settings.processes.start(
    { file: 'redis-server', args: ['redis.conf'], cwd: directory, env: registered.env },
    {},
    AbortSignal.any([]), // ended by stop() alone, after the connections
  );
  stack.defer(() => stop(server));
  await registered.started(server.pid);
  const connection = stack.use(await loaded(server, directory, password, signal));
  const owned = stack.move();
  return { connection, port, password, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function configuration(settings: RedisSandboxSettings, password: string, port: number | undefined): string {
  return [
    ...listening(settings.host, port),
    'unixsocket redis.sock',
    'unixsocketperm 700',
    `requirepass ${password}`,
    `databases ${SANDBOX_DATABASES}`,
    'save ""',
    'appendonly no',
    'replicaof 127.0.0.1 1', // nobody listens there
    'repl-diskless-sync yes',
    'repl-diskless-sync-delay 0',
    'enable-debug-command local', // DEBUG SET-ACTIVE-EXPIRE, before it becomes a master
    'logfile redis.log',
    '',
  ].join('\n');
}

function listening(host: string | undefined, port: number | undefined): string[] {
  if (host === undefined || port === undefined) return ['port 0'];
  return [`port ${port}`, isLoopback(host) ? 'bind 127.0.0.1' : 'bind * -::*'];
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.startsWith('127.');
}

/** The same file system as a rule: then this costs nothing. */
async function adopt(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to));
  await unlink(from);
}

async function loaded(
  server: RunningProcess,
  directory: string,
  password: string,
  signal: AbortSignal,
): Promise<RedisConnection> {
  let ended = false;
  const finished = (): void => void (ended = true);
  server.ended.then(finished, finished);
  // A socket's path has at most 107 bytes; through /proc it is short wherever the directory lies.
  const address = { at: { path: `/proc/${server.pid}/cwd/redis.sock` }, password };
  let connection: RedisConnection | undefined;
  for (;;) {
    if (ended) throw await whyEnded(directory);
    throwIfAborted(signal);
    connection ??= await connectRedis(address, signal).catch(() => undefined);
    const info = await connection?.info('persistence').catch(() => undefined);
    if (connection !== undefined && info?.['loading'] === '0') return connection;
    await delay(20);
  }
}

async function stop(server: RunningProcess): Promise<void> {
  server.stop();
  await server.ended.catch(() => undefined);
}

/** What the server wrote in its log before it gave up. */
async function whyEnded(directory: string): Promise<BackupError> {
  const log = await readFile(path.join(directory, 'redis.log'), 'utf8').catch(() => '');
  const complaint = log.split('\n').findLast((line) => /^\d+:\w .* # /.test(line) && !/WARNING|exiting/i.test(line));
  const said = complaint?.replace(/^.* # /, '') ?? 'it ended at once';
  if (/Can't handle RDB format version|configured to handle|module/.test(said)) {
    const hint = 'use a redis-server at least as new, and with the same modules, as the server that was captured';
    return new BackupError(`the sandbox cannot load this RDB: ${said}`, { kind: 'too-old', hint });
  }
  if (/out of memory/i.test(said) && !/Short read/.test(said))
    return new BackupError(`the sandbox ran out of memory: ${said}`, { kind: 'no-space' });
  const kind = /RDB|Short read|Wrong signature|checksum|loading/i.test(said) ? 'damaged' : 'failed';
  return new BackupError(`the sandbox cannot load this RDB: ${said}`, { kind });
}
