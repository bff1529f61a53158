import { abortError, asError, BackupError, reason } from './errors.ts';

/** Pieces of work that succeed or fail as one. */
export interface Together {
  /** Aborted when the caller's signal is, or when any piece has failed. */
  readonly signal: AbortSignal;
  /** Makes a promise one of the pieces; returns it. */
  watch<T>(piece: Promise<T>): Promise<T>;
}

/**
 * Runs `work` and all it watches to their ends: the first failure aborts the rest and is what the caller sees, but
 * nothing is still running when this settles.
 */
export async function together<T>(parent: AbortSignal, work: (group: Together) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const abort = (): void => controller.abort(abortError(parent));
  if (parent.aborted) abort();
  parent.addEventListener('abort', abort, { once: true });
  const failures: unknown[] = [];
  const pieces: Promise<unknown>[] = [];
  const watch = <P>(piece: Promise<P>): Promise<P> => {
    pieces.push(
      piece.catch((error: unknown) => {
        failures.push(error);
        controller.abort(asBackupError(error));
      }),
    );
    return piece;
  };
  const begin = async (): Promise<T> => work({ signal: controller.signal, watch }); // a throw is a rejection
  try {
    const [result] = await Promise.allSettled([watch(begin())]);
    await settled(pieces);
    if (result.status === 'fulfilled' && failures.length === 0) return result.value;
    throw asError(failures[0]);
  } finally {
    parent.removeEventListener('abort', abort);
  }
}

/** Pieces may be added by pieces. */
async function settled(pieces: readonly Promise<unknown>[]): Promise<void> {
  for (let count = -1; count !== pieces.length;) {
    count = pieces.length;
    await Promise.all(pieces);
  }
}

function asBackupError(error: unknown): BackupError {
  if (error instanceof BackupError) return error;
  return new BackupError(reason(error), { kind: 'failed', cause: error });
}
