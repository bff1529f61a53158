import { setTimeout as delay } from 'node:timers/promises';
import { BackupError } from '../../base/errors.ts';
import { type Connection, identifier } from './connection.ts';

const GONE_SECONDS = 60;

/**
 * Ends what the server still does for a process of ours that was killed: a CREATE DATABASE goes on without its client,
 * and would leave a database behind after we looked.
 */
export async function endOrphans(connection: Connection, staged: string): Promise<void> {
  const deadline = performance.now() + GONE_SECONDS * 1000;
  for (;;) {
    const left = await connection.query<{ pid: number }>(
      `SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'physics-backup' AND state = 'active' AND pid <> pg_backend_pid() AND strpos(query, $1) > 0`,
      [identifier(staged)],
    );
    if (left.length === 0) return;
    if (performance.now() > deadline)
      throw new BackupError(`postgres: session ${left[0]?.pid} of an earlier run does not end`, {
        kind: 'timeout',
        retrySafe: true,
      });
    await delay(20);
  }
}
