import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createClient, RESP_TYPES } from '@redis/client';
import { BackupError } from '../../../src/base/errors.ts';
import type { RunningProcess } from '../../../src/base/processes.ts';
import { connectRedis, type RedisConnection, type RedisReply } from '../../../src/sandbox/redis-connection.ts';
import { freePort } from '../../../src/sandbox/ports.ts';
import type { RedisSettings } from '../../../src/sources/redis/settings.ts';
import { testProcesses } from '../../support/file-backup.ts';

/** A real Redis server for one test; may be killed and started again on the same files. */
export class TestRedis implements AsyncDisposable {
  readonly directory: string;
  readonly settings: RedisSettings;
  readonly #lines: readonly string[];
  readonly #options: readonly string[];
  #server: RunningProcess | undefined;

  private constructor(directory: string, port: number, lines: readonly string[], options: readonly string[]) {
    this.directory = directory;
    this.settings = { host: '127.0.0.1', port, password: 'live secret' };
    this.#lines = lines;
    this.#options = options;
  }

  static async start(
    lines: readonly string[] = ['appendonly yes'],
    options: readonly string[] = [],
  ): Promise<TestRedis> {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'pbs-redis-'));
    const redis = new TestRedis(directory, await freePort(), lines, options);
    await redis.up();
    return redis;
  }

  /** A Sentinel that watches over a server. */
  static startSentinel({ settings }: TestRedis): Promise<TestRedis> {
    const { host, port, password } = settings;
    return TestRedis.start(
      [`sentinel monitor watched ${host} ${port} 1`, `sentinel auth-pass watched "${password}"`],
      ['--sentinel'],
    );
  }

  async up(): Promise<void> {
    const { port, password } = this.settings;
    const configuration = [
      `port ${port}`,
      'bind 127.0.0.1',
      `requirepass "${password}"`,
      'logfile redis.log',
      ...(this.#options.includes('--sentinel') ? [] : ['repl-diskless-sync-delay 0', 'save ""']),
      ...this.#lines,
    ];
    await writeFile(path.join(this.directory, 'redis.conf'), `${configuration.join('\n')}\n`);
    const command = { file: 'redis-server', args: ['redis.conf', ...this.#options], cwd: this.directory };
    this.#server = testProcesses.start(command, {}, new AbortController().signal);
    for (;;) {
      try {
        await using connection = await this.connect();
        if ((await connection.info('persistence'))['loading'] !== '1') return;
      } catch (error) {
        if (error instanceof BackupError && error.kind === 'denied') return; // by a server that has no password
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** kill -9 */
  async kill(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    process.kill(server.pid, 'SIGKILL');
    await server.ended.catch(() => undefined);
    this.#server = undefined;
  }

  connect(overrides: Partial<RedisSettings> = {}): Promise<RedisConnection> {
    const { host, port, username, password } = { ...this.settings, ...overrides };
    return connectRedis({ at: { host, port }, username, password }, new AbortController().signal);
  }

  /** A driver of its own, with binary replies, for filling and comparing. */
  async driver(database = 0) {
    const { host, port, password } = this.settings;
    const client = createClient({ socket: { host, port }, password: password ?? '', database, RESP: 2 });
    client.on('error', () => undefined);
    await client.connect();
    return client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  }

  /** Every key of every database: type, expiry and the serialized value, as text. */
  async contents(): Promise<Record<string, string>> {
    await using connection = await this.connect();
    const found: Record<string, string> = {};
    const databases = Object.keys(await connection.info('keyspace')).filter((name) => /^db\d+$/.test(name));
    for (const name of databases) {
      const driver = await this.driver(Number(name.slice(2)));
      for await (const keys of driver.scanIterator({ COUNT: 500 }))
        for (const key of keys)
          Object.assign(found, { [`${name} ${key.toString('latin1')}`]: await describe(driver, key) });
      driver.destroy();
    }
    return { ...found, functions: libraries(await connection.send('FUNCTION', 'LIST', 'WITHCODE')) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** The source of each library; the order of libraries, and of functions within one, is the server's whim. */
function libraries(reply: RedisReply): string {
  const code = (reply as RedisReply[]).map((library) => String((library as RedisReply[]).at(-1)));
  return code.toSorted().join();
}

type Driver = Awaited<ReturnType<TestRedis['driver']>>;

/**
 * DUMP is the same for the same value only where the encoding keeps an order; sets and hashes that have become hash
 * tables are compared by their members.
 */
async function describe(driver: Driver, key: Buffer): Promise<string> {
  const type = await driver.type(key);
  const expires = await driver.pExpireTime(key);
  return `${type} ${expires} ${await value(driver, key, type)}`;
}

async function value(driver: Driver, key: Buffer, type: string): Promise<string> {
  const encoding = await driver.objectEncoding(key);
  if (encoding?.toString() !== 'hashtable') return hex(await driver.sendCommand(['DUMP', key]));
  const members = (await driver.sendCommand([type === 'set' ? 'SMEMBERS' : 'HGETALL', key])) as unknown as Buffer[];
  const pairs = members.map(hex);
  const step = type === 'set' ? 1 : 2;
  const rows = pairs.flatMap((_, at) => (at % step === 0 ? [pairs.slice(at, at + step).join('=')] : []));
  return rows.toSorted().join(' ');
}

function hex(bytes: unknown): string {
  return (bytes as Buffer).toString('hex');
}
