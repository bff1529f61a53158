import { BackupError } from '../../base/errors.ts';
import type { RedisConnection } from '../../sandbox/redis-connection.ts';
import { getSetting, type Wait, waitUntil } from './live.ts';

const HINT = "look at the server's log and the room on its disk";
const PATIENCE = 120_000;

/**
 * Waits until the live server would come back with the data it now holds. With `appendonly yes` it replays the
 * append-only file and ignores the RDB, and the file is written anew after a full synchronization: until that
 * rewrite has ended well, a crash would bring the old data back.
 */
export async function persist(live: RedisConnection, signal: AbortSignal): Promise<void> {
  if ((await getSetting(live, 'appendonly')) === 'yes') await appendOnlyFileWritten(live, signal);
  else if ((await getSetting(live, 'save')) !== '') await snapshotWritten(live, signal);
}

async function appendOnlyFileWritten(live: RedisConnection, signal: AbortSignal): Promise<void> {
  const wait: Wait = {
    what: 'the append-only file is not being rewritten',
    hint: HINT,
    kind: 'failed',
    patienceMilliseconds: PATIENCE,
  };
  await waitUntil(
    async () => {
      const info = await live.info('persistence');
      const pending = info['aof_rewrite_in_progress'] !== '0' || info['aof_rewrite_scheduled'] !== '0';
      if (!pending && info['aof_last_bgrewrite_status'] !== 'ok') throw failed('rewrite of the append-only file');
      const done = !pending && info['aof_enabled'] === '1' && info['aof_last_write_status'] !== 'err';
      return { done, state: `${pending} ${info['current_cow_size']} ${info['current_save_keys_processed']}` };
    },
    wait,
    signal,
  );
}

async function snapshotWritten(live: RedisConnection, signal: AbortSignal): Promise<void> {
  const [second] = (await live.send('TIME')) as readonly string[];
  await live.send('BGSAVE', 'SCHEDULE');
  const wait: Wait = {
    what: 'the snapshot is not being written',
    hint: HINT,
    kind: 'failed',
    patienceMilliseconds: PATIENCE,
  };
  await waitUntil(
    async () => {
      const info = await live.info('persistence');
      const pending = info['rdb_bgsave_in_progress'] !== '0';
      if (!pending && info['rdb_last_bgsave_status'] !== 'ok') throw failed('snapshot (BGSAVE)');
      const done = !pending && Number(info['rdb_last_save_time']) >= Number(second);
      return { done, state: `${pending} ${info['current_save_keys_processed']}` };
    },
    wait,
    signal,
  );
}

function failed(what: string): BackupError {
  return new BackupError(`redis: the ${what} failed: a restart of the server would not bring the restored data back`, {
    kind: 'failed',
    hint: HINT,
  });
}
