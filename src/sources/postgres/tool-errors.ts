import { BackupError } from '../../base/errors.ts';
import { ProcessFailed } from '../../base/processes.ts';

/** Their errors come before the statement, which may be long. */
export const KEPT_ERRORS = 1024 * 1024;

/** The server's words and its hint (md.c, xlog.c): its programs pass on no SQLSTATE. */
const NO_SPACE = /No space left on device|Check free disk space/;

/** What one of the server's programs said before it failed, for the person who has to act; other errors as they are. */
export function toolError(error: unknown, tool: 'pg_dump' | 'pg_dumpall' | 'pg_restore'): unknown {
  if (!(error instanceof ProcessFailed)) return error;
  const said = complaint(error.stderr);
  if (said === undefined) return error;
  const noSpace = NO_SPACE.test(error.stderr);
  // without a cause: the other lines repeat the statement, which may hold a password
  return new BackupError(`postgres: ${tool}: ${said}`, {
    kind: noSpace ? 'no-space' : 'failed',
    ...(noSpace ? { hint: 'make room on the disk of the database server' } : {}),
  });
}

/** The first error, with the server's reason where that has a line of its own (of COPY); nothing of the statement. */
function complaint(stderr: string): string | undefined {
  const lines = stderr.split('\n');
  const error = lines.map((line) => /^pg_\w+: error: (.*)$/.exec(line)?.[1]).find((each) => each !== undefined);
  const server = lines.map((line) => SERVER.exec(line)?.[1]).find((each) => each !== undefined);
  if (error === undefined || server === undefined) return error;
  return `${error.replace(/: PQ\w+\(\) failed\.$/, '')}: ${server}`;
}

const SERVER = /^pg_\w+: detail: Error message from server: (.*)$/;
