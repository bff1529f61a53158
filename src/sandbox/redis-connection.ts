import { abortError, BackupError, reason, systemCode } from '../base/errors.ts';

/** Where a Redis server listens and who we are to it. */
export interface RedisAddress {
  /** A TCP address, or the path of a unix socket. */
  readonly at: { readonly host: string; readonly port: number } | { readonly path: string };
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** A reply as RESP 2 has them. */
export type RedisReply = string | number | null | readonly RedisReply[];

/** The fields of INFO by name. */
export type RedisInfo = Readonly<Record<string, string>>;

/** One connection; it does not come back by itself, so that a lost server is seen at once. */
export interface RedisConnection extends AsyncDisposable {
  /** Sends one command. Kinds: `unreachable`, `denied` (names the missing right), `failed`. */
  send(...words: string[]): Promise<RedisReply>;
  /** INFO of one section, or of the default ones. */
  info(section?: string): Promise<RedisInfo>;
}

const CONNECT_MILLISECONDS = 5000;

/** Never connected: the library makes 20 MB of functions for each client that is not the copy of another. */
let template: ReturnType<typeof makeTemplate> | undefined;

async function makeTemplate() {
  const { createClient } = await import('@redis/client');
  return createClient({ RESP: 2, disableClientInfo: true, maintNotifications: 'disabled' });
}

/** Connects and authenticates; `signal` ends the connection and whatever waits on it. */
export async function connectRedis(address: RedisAddress, signal: AbortSignal): Promise<RedisConnection> {
  if (signal.aborted) throw abortError(signal);
  const client = (await (template ??= makeTemplate())).duplicate({
    socket: { ...socketOf(address), connectTimeout: CONNECT_MILLISECONDS, reconnectStrategy: false },
    ...(address.username === undefined ? {} : { username: address.username }),
    ...(address.password === undefined ? {} : { password: address.password }),
  });
  client.on('error', () => undefined); // every command rejects with it
  const abort = (): void => client.destroy();
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (thrown) {
      throw signal.aborted ? abortError(signal) : redisError(thrown, address);
    }
  };
  await guarded(() => client.connect());
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  const send = (...words: string[]): Promise<RedisReply> => guarded(() => client.sendCommand<RedisReply>(words));
  return {
    send,
    info: async (section) => parseInfo(String(await (section === undefined ? send('INFO') : send('INFO', section)))),
    [Symbol.asyncDispose]() {
      signal.removeEventListener('abort', abort);
      if (client.isOpen) client.destroy();
      return Promise.resolve();
    },
  };
}

/** Parses INFO: `name:value` lines, sections as comments. */
function parseInfo(text: string): RedisInfo {
  const fields = text
    .split('\r\n')
    .filter((line) => line.includes(':') && !line.startsWith('#'))
    .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]);
  return Object.fromEntries(fields) as RedisInfo;
}

export function describeAddress({ at }: RedisAddress): string {
  return 'path' in at ? at.path : `${at.host}:${at.port}`;
}

function socketOf({ at }: RedisAddress): { path: string; tls: false } | { host: string; port: number } {
  return 'path' in at ? { path: at.path, tls: false } : { host: at.host, port: at.port };
}

/** Turns what the driver or the server said into an error for the person who has to act. */
export function redisError(thrown: unknown, address: RedisAddress): BackupError {
  if (thrown instanceof BackupError) return thrown;
  const said = reason(thrown);
  const where = `redis: the server at ${describeAddress(address)}`;
  if (/without any password configured/.test(said)) {
    const hint = 'unset REDIS_PASSWORD, or give the server that password (requirepass)';
    return new BackupError(`${where} has no password, and one was given`, { kind: 'denied', hint, cause: thrown });
  }
  if (/^(WRONGPASS|NOAUTH|ERR AUTH|ERR invalid password)/.test(said)) {
    const hint = 'set REDIS_PASSWORD (or REDIS_PASSWORD_FILE) to the password of the server';
    return new BackupError(`${where} refused the password: ${said}`, { kind: 'denied', hint, cause: thrown });
  }
  if (said.startsWith('NOPERM')) {
    const hint = 'give the user of the backup this right with ACL SETUSER, or use the default user';
    return new BackupError(`${where}: ${said}`, { kind: 'denied', hint, cause: thrown });
  }
  if (isConnectionLoss(thrown)) {
    const hint = 'check that the server runs, and REDIS_HOST and REDIS_PORT';
    const why = said === '' ? (systemCode(thrown) ?? 'connection failed') : said;
    return new BackupError(`${where} is not reachable: ${why}`, { kind: 'unreachable', hint, cause: thrown });
  }
  return new BackupError(`${where}: ${said}`, { kind: 'failed', cause: thrown });
}

/** Errors of the server begin with a word in capitals (`ERR`, `BUSY`); all others are the driver's. */
function isConnectionLoss(thrown: unknown): boolean {
  return !(thrown instanceof Error && /^[A-Z]{3,} /.test(thrown.message));
}
