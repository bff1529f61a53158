import { asError, BackupError, type ErrorDetails, type ErrorKind, SeveralErrors } from '../base/errors.ts';

/** An error as it travels: what people are told, what callers branch on, and what the log keeps. */
export interface WireError {
  readonly type: 'backup' | 'several' | 'aggregate' | 'suppressed' | 'other';
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly kind?: ErrorKind;
  readonly hint?: string;
  readonly retrySafe?: boolean;
  readonly cause?: WireError;
  /** Of several errors; of one that came while another was cleaned up after, the later one first. */
  readonly errors?: readonly WireError[];
}

/** Deeper causes tell nobody anything, and a cause may be its own. */
const DEEPEST = 8;

export function encodeError(thrown: unknown, depth = 0): WireError {
  const error = asError(thrown);
  const { cause } = error;
  const inner = depth < DEEPEST ? innerErrors(error) : undefined;
  return {
    ...typed(error),
    name: error.name,
    message: error.message,
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(cause === undefined || depth >= DEEPEST ? {} : { cause: encodeError(cause, depth + 1) }),
    ...(inner === undefined ? {} : { errors: inner.map((each) => encodeError(each, depth + 1)) }),
  };
}

function typed(error: Error): Pick<WireError, 'type' | 'kind' | 'hint' | 'retrySafe'> {
  if (error instanceof BackupError) {
    const { kind, hint, retrySafe } = error;
    return { type: 'backup', kind, retrySafe, ...(hint === undefined ? {} : { hint }) };
  }
  if (error instanceof SuppressedError) return { type: 'suppressed' };
  if (error instanceof AggregateError) return { type: 'aggregate' };
  return { type: error instanceof SeveralErrors ? 'several' : 'other' };
}

function innerErrors(error: Error): readonly unknown[] | undefined {
  if (error instanceof SuppressedError) return [error.error, error.suppressed];
  if (error instanceof SeveralErrors || error instanceof AggregateError) return error.errors as readonly unknown[];
  return undefined;
}

/**
 * The error again. Where it says what `reason` says, it is the reason itself come back: why the caller stopped the call
 * is an object of the caller's that carries more than its words (an interrupt its exit code).
 */
export function decodeError(wire: WireError, reason?: BackupError): Error {
  if (reason !== undefined && wire.kind === reason.kind && wire.message === reason.message) return reason;
  const error = revive(wire, reason);
  error.name = wire.name;
  if (wire.stack !== undefined) error.stack = wire.stack;
  return error;
}

function revive(wire: WireError, reason: BackupError | undefined): Error {
  const { message } = wire;
  const inner = (wire.errors ?? []).map((each) => decodeError(each, reason));
  const cause = wire.cause === undefined ? {} : { cause: decodeError(wire.cause, reason) };
  switch (wire.type) {
    case 'backup':
      return new BackupError(message, { ...detailsOf(wire), ...cause });
    case 'several':
      return new SeveralErrors(message, inner);
    case 'aggregate':
      return new AggregateError(inner, message);
    case 'suppressed':
      return new SuppressedError(inner[0], inner[1], message);
    case 'other':
      return new Error(message, cause);
  }
}

function detailsOf({ kind = 'failed', retrySafe = false, hint }: WireError): ErrorDetails {
  return { kind, retrySafe, ...(hint === undefined ? {} : { hint }) };
}
