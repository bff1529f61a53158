import { BackupError } from '../../base/errors.ts';
import type { Connection } from './connection.ts';
import { DUMPED_RELATIONS } from './relations.ts';

interface Lock {
  readonly name: string;
  readonly pid: number;
  readonly role: string | null;
  readonly granted: boolean;
  /** Since its transaction began; null where we may not see it. */
  readonly seconds: number | null;
}

/** Who has a table for itself, or waits to: an ALTER TABLE, a VACUUM FULL, a migration. */
const EXCLUSIVE = `
  SELECT d.name, l.pid, a.usename::text AS role, l.granted,
         extract(epoch FROM clock_timestamp() - a.xact_start)::int AS seconds
    FROM pg_locks l JOIN (${DUMPED_RELATIONS}) d ON d.oid = l.relation LEFT JOIN pg_stat_activity a USING (pid)
   WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.pid <> pg_backend_pid()
     AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   ORDER BY l.granted DESC, seconds DESC NULLS LAST LIMIT 1`;

/** The session that keeps tables from being read, as an error; undefined when there is none (any more). */
export async function lockedTable(connection: Connection, cause: unknown): Promise<BackupError | undefined> {
  const [lock] = await connection.query<Lock & Record<string, unknown>>(EXCLUSIVE);
  if (lock === undefined) return undefined;
  const { name, pid, role, granted, seconds } = lock;
  const session = `session ${pid}${role === null ? '' : ` of role "${role}"`}`;
  const doing = granted ? 'has it locked against all others' : 'waits to lock it against all others';
  const since = seconds === null ? '' : `, for ${seconds} s now`;
  return new BackupError(`postgres: table ${name} cannot be read: ${session} ${doing}${since}`, {
    kind: 'timeout',
    hint: `run this again when it has ended; or end it: SELECT pg_terminate_backend(${pid});`,
    retrySafe: true,
    cause,
  });
}
