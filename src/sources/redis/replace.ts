import { BackupError } from '../../base/errors.ts';
import type { Context } from '../../model/source.ts';
import type { RedisConnection } from '../../sandbox/redis-connection.ts';
import type { RedisSandbox } from '../../sandbox/redis.ts';
import { countFunctions } from './count.ts';
import { keyspace } from './keyspace.ts';
import { getSetting, waitUntil } from './live.ts';
import { type Direction, liveData, type Progress, type RedisNote } from './notes.ts';
import { persist } from './persist.ts';

/** The two servers of a replacement, and where its steps are noted. */
export interface Replacement {
  readonly live: RedisConnection;
  readonly sandbox: RedisSandbox;
  /** The name under which the live server reaches the sandbox. */
  readonly host: string;
  readonly direction: Direction;
  readonly progress: () => Progress;
  readonly note: (note: RedisNote) => Promise<void>;
}

/**
 * Makes the live server hold exactly what the sandbox holds: as its replica for a moment, then promoted. The old data
 * goes when the new has arrived whole. Returns when a restart of the live server would keep it too.
 */
export async function replaceLive(replacement: Replacement, context: Context): Promise<void> {
  const { live, sandbox, direction, note } = replacement;
  context.progress.step('replicate to the live server');
  await offer(sandbox.connection);
  await using _settings = await borrowSettings(replacement);
  await replicate(replacement, context);
  await context.reached('redis.loaded');
  await assertEqual(live, sandbox.connection);
  const { master_replid: replid = '' } = await sandbox.connection.info('replication');
  await note({ step: 'loaded', direction, replid });
  await live.send('REPLICAOF', 'NO', 'ONE');
  await context.reached('redis.promoted');
  context.progress.step('write to the live disk');
  await persist(live, context.signal);
  await context.reached('redis.persisted');
}

/** The sandbox becomes a master, which alone may be replicated; it still expires nothing by itself. */
async function offer(sandbox: RedisConnection): Promise<void> {
  await sandbox.send('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
  await sandbox.send('REPLICAOF', 'NO', 'ONE');
}

/** No writer may slip in, and the old data must stay until the new has arrived whole. */
const WHILE_REPLICATING = { 'replica-read-only': 'yes', 'repl-diskless-load': 'disabled' };

/**
 * Settings of the live server that replication needs, put back on disposal. A password for masters that is set stays
 * (the sandbox takes it on), so that no secret has to be remembered across a crash.
 */
async function borrowSettings({ live, sandbox, progress, note }: Replacement): Promise<AsyncDisposable> {
  const password = await getSetting(live, 'masterauth');
  const user = (await getSetting(live, 'masteruser')) || 'default';
  const ours = progress().settings?.['masterauth'] === ''; // left from a run that was killed
  const before = progress().settings ?? {
    ...(password === '' ? { masterauth: '' } : {}),
    ...(await getSettings(live, Object.keys(WHILE_REPLICATING))),
  };
  const accepted = password === '' || ours ? sandbox.password : password;
  await sandbox.connection.send('ACL', 'SETUSER', user, 'on', `>${accepted}`, '+@all');
  await note({ step: 'configuring', settings: JSON.stringify(before) });
  for (const [name, value] of Object.entries(WHILE_REPLICATING)) await live.send('CONFIG', 'SET', name, value);
  if (accepted !== password) await live.send('CONFIG', 'SET', 'masterauth', accepted);
  return {
    [Symbol.asyncDispose]: () => putBackSettings(live, progress(), note).catch(() => undefined), // rollback tries again
  };
}

async function getSettings(live: RedisConnection, names: readonly string[]): Promise<Record<string, string>> {
  const values = await Promise.all(names.map(async (name) => [name, await getSetting(live, name)]));
  return Object.fromEntries(values) as Record<string, string>;
}

/** Puts back what a replacement changed; nothing to do when it was done already. */
export async function putBackSettings(
  live: RedisConnection,
  { settings }: Progress,
  note: Replacement['note'],
): Promise<void> {
  if (settings === undefined) return;
  for (const [name, value] of Object.entries(settings)) await live.send('CONFIG', 'SET', name, value);
  await note({ step: 'configured-back' });
}

/** Neither side has noticed the other for so long: the address cannot be right. */
const CONNECT_PATIENCE = 10_000;
const SYNC_PATIENCE = 60_000;

async function replicate(replacement: Replacement, { reached, signal }: Context): Promise<void> {
  const { live, sandbox, host, direction, progress, note } = replacement;
  const before = await live.info('replication');
  const touched = liveData(progress(), before) !== 'untouched';
  await note({ step: 'replicating', direction, replid: before['master_replid'] ?? '', touched: String(touched) });
  await reached('redis.intended');
  try {
    await live.send('REPLICAOF', host, String(sandbox.port));
    await reached('redis.replicating');
    await synchronizationBegun(replacement, signal);
  } catch (error) {
    if (!touched) await live.send('REPLICAOF', 'NO', 'ONE').catch(() => undefined); // nothing has come: all is as before
    throw error;
  }
  await synchronizationEnded(live, sandbox.connection, signal);
}

async function synchronizationBegun({ sandbox, host }: Replacement, signal: AbortSignal): Promise<void> {
  await waitUntil(
    async () => ({ done: (await sandbox.connection.info('stats'))['sync_full'] !== '0', state: '' }),
    {
      what: `the live server does not reach the sandbox at ${host}:${sandbox.port}; its data is as before`,
      hint: 'set REDIS_SANDBOX_HOST to this machine or container as the live server sees it, and let it through the firewall',
      kind: 'unreachable',
      patienceMilliseconds: CONNECT_PATIENCE,
    },
    signal,
  );
}

async function synchronizationEnded(
  live: RedisConnection,
  sandbox: RedisConnection,
  signal: AbortSignal,
): Promise<void> {
  await waitUntil(
    async () => {
      const [replica, master, { loading, loading_loaded_bytes: loaded }] = await Promise.all([
        live.info('replication'),
        sandbox.info('replication'),
        live.info('persistence'),
      ]);
      const up = replica['master_link_status'] === 'up' && replica['master_sync_in_progress'] === '0';
      const level = replica['slave_repl_offset'] === master['master_repl_offset'];
      const done = up && level && loading === '0' && replica['master_replid'] === master['master_replid'];
      return { done, state: `${replica['master_sync_read_bytes']} ${loaded} ${replica['master_link_status']}` };
    },
    {
      what: 'the live server stopped taking over the data',
      hint: "look at the live server's log: room on its disk, memory",
      kind: 'failed',
      patienceMilliseconds: SYNC_PATIENCE,
    },
    signal,
  );
}

/** While both expire nothing by themselves, their counts are the same to the key. */
async function assertEqual(live: RedisConnection, sandbox: RedisConnection): Promise<void> {
  const [actual, expected] = await Promise.all([live, sandbox].map(summary));
  if (actual === expected) return;
  throw new BackupError(`redis: the live server holds ${actual} after the restore, expected ${expected}`, {
    kind: 'failed',
  });
}

async function summary(connection: RedisConnection): Promise<string> {
  const databases = [...keyspace(await connection.info('keyspace'))];
  const counts = databases.map(([database, { keys, expires }]) => `db${database} ${keys} keys (${expires} expiring)`);
  return [...counts, `${await countFunctions(connection)} functions`].join(', ');
}
