import { asError, BackupError } from './errors.ts';

/** An error for the log: its kind, its stack and those of its causes; nothing else of it is looked at. */
export interface DescribedError {
  readonly kind: string;
  readonly message: string;
  readonly hint?: string;
  readonly stack: string;
  readonly causes: readonly DescribedError[];
}

export function describeError(error: Error): DescribedError {
  return {
    kind: error instanceof BackupError ? error.kind : error.name,
    message: error.message,
    ...(error instanceof BackupError && error.hint !== undefined ? { hint: error.hint } : {}),
    stack: error.stack ?? '',
    causes: causesOf(error).map((each) => describeError(asError(each))),
  };
}

function causesOf(error: Error): unknown[] {
  const { cause, errors } = error as { cause?: unknown; errors?: unknown };
  return [...(cause === undefined ? [] : [cause]), ...(Array.isArray(errors) ? (errors as unknown[]) : [])];
}
