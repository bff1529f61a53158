import { BackupError } from '../../base/errors.ts';
import type {
  Context,
  RestoreJournal,
  SafetyCopies,
  StagedHandle,
  StagedRestore,
  StageRequest,
} from '../../model/source.ts';
import { connectRedis, type RedisConnection } from '../../sandbox/redis-connection.ts';
import type { RedisSandbox } from '../../sandbox/redis.ts';
import { loadBackup } from './content.ts';
import { isOlder } from './inspect.ts';
import { keyspace } from './keyspace.ts';
import { getSetting } from './live.ts';
import { mebibytes } from './room.ts';
import { liveAddress, type RedisSettings, serverIdentity } from './settings.ts';
import { StagedRedis } from './staged.ts';

/** Loads a backup into a sandbox and makes sure that the live server could take it over. Nothing live is changed. */
export async function stageRedis(
  settings: RedisSettings,
  { chain, target }: StageRequest,
  journal: RestoreJournal,
  safety: SafetyCopies,
  context: Context,
): Promise<StagedRestore> {
  const backup = chain.at(-1);
  if (backup === undefined || chain.length > 1)
    throw new BackupError('redis: a restore needs exactly one backup', { kind: 'failed' });
  const handle: StagedHandle = {
    version: 1,
    service: 'redis',
    server: target === 'live' ? serverIdentity(settings) : 'sandbox',
    backup: backup.id,
    details: { target },
  };
  await journal.handle(handle);
  await context.reached('restore.journalled');
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await loadBackup(backup, settings, target, context));
  if (target === 'live') await assertFits(settings, sandbox, context);
  await context.reached('restore.staged');
  stack.move();
  return new StagedRedis({ handle, settings, journal, safety, notes: [], sandbox });
}

/** What would make the live server stop, evict or refuse when it takes the data over. */
async function assertFits(settings: RedisSettings, sandbox: RedisSandbox, { signal }: Context): Promise<void> {
  await using live = await connectRedis(liveAddress(settings), signal);
  await assertVersionFits(live, sandbox.connection);
  const { used_memory: used = '0' } = await sandbox.connection.info('memory');
  const limit = Number(await getSetting(live, 'maxmemory'));
  if (limit > 0 && Number(used) > limit) {
    const needed = mebibytes(Number(used));
    throw new BackupError(`redis: the backup needs ${needed}, the live server's maxmemory is ${mebibytes(limit)}`, {
      kind: 'no-space',
      hint: `raise maxmemory of the live server to more than ${needed}`,
    });
  }
  const highest = Math.max(0, ...keyspace(await sandbox.connection.info('keyspace')).keys());
  const databases = Number(await getSetting(live, 'databases'));
  if (highest < databases) return;
  throw new BackupError(`redis: the backup uses database ${highest}, the live server has ${databases} databases`, {
    kind: 'failed',
    hint: `set "databases ${highest + 1}" in the live server's redis.conf and restart it`,
  });
}

/** A server cannot read the RDB of a newer one: as a replica it would never come up. */
async function assertVersionFits(live: RedisConnection, sandbox: RedisConnection): Promise<void> {
  const [theirs = '0', ours = '0'] = await Promise.all(
    [live, sandbox].map(async (each) => (await each.info('server'))['redis_version'] ?? '0'),
  );
  const [major = 0, minor = 0] = ours.split('.').map(Number);
  if (!isOlder(theirs, [major, minor])) return;
  throw new BackupError(
    `redis: the live server is ${theirs}, older than the sandbox (${ours}): it could not read its data`,
    {
      kind: 'too-old',
      hint: 'upgrade the live server, or use the backup image built from its own image',
    },
  );
}
