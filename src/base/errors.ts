/** What went wrong, as callers branch on it; `cli/` maps each kind to an exit code in one table. */
export type ErrorKind =
  | 'usage'
  | 'unreachable'
  | 'denied'
  | 'too-old'
  | 'missing'
  | 'missing-tool'
  | 'no-space'
  | 'damaged'
  | 'keys'
  | 'newer-format'
  | 'busy'
  | 'timeout'
  | 'cancelled'
  | 'not-found'
  | 'exists'
  | 'conflict'
  | 'failed';

export interface ErrorDetails {
  readonly kind: ErrorKind;
  /** What to do next; one line, without a full stop where it is a command. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** Whether the same call may simply be made again. */
  readonly retrySafe?: boolean;
}

/**
 * A failure for the person who has to act: one line that says what failed, on what, and why.
 * `missing` is a database, role, table or extension the server lacks; `not-found` is a backup or key of ours.
 */
export class BackupError extends Error {
  readonly kind: ErrorKind;
  readonly hint: string | undefined;
  readonly retrySafe: boolean;

  constructor(message: string, details: ErrorDetails) {
    super(message, { cause: details.cause });
    this.name = 'BackupError';
    this.kind = details.kind;
    this.hint = details.hint;
    this.retrySafe = details.retrySafe ?? false;
  }
}

/** Several failures of several services, each kept. */
export class SeveralErrors extends Error {
  readonly errors: readonly Error[];

  constructor(message: string, errors: readonly Error[]) {
    super(message);
    this.name = 'SeveralErrors';
    this.errors = errors;
  }
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** The first line of an error's message, for use inside another message. */
export function reason(thrown: unknown): string {
  return asError(thrown).message.split('\n', 1)[0] ?? '';
}

/** The system's error code (`ENOENT`, `ENOSPC`), where there is one. */
export function systemCode(thrown: unknown): string | undefined {
  const code = (thrown as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** Rethrows an abort as what it was: the reason of the signal when that is ours, else `cancelled`. */
export function abortError(signal: AbortSignal): BackupError {
  if (signal.reason instanceof BackupError) return signal.reason;
  return new BackupError('cancelled', { kind: 'cancelled', cause: signal.reason });
}

export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortError(signal);
}
