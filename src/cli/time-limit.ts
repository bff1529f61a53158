import { BackupError } from '../base/errors.ts';
import { formatSeconds } from './format.ts';

/** Does the work under a signal that is aborted with kind `timeout` when the limit has passed. */
export async function withTimeLimit<T>(
  seconds: number,
  parent: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(timeoutError(seconds)), seconds * 1000);
  try {
    return await work(AbortSignal.any([parent, limit.signal]));
  } finally {
    clearTimeout(timer);
  }
}

function timeoutError(seconds: number): BackupError {
  return new BackupError(`stopped at the time limit of ${formatSeconds(seconds)}`, {
    kind: 'timeout',
    hint: 'raise BACKUP_TIMEOUT (seconds)',
  });
}
