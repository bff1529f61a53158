import { BackupError, SeveralErrors } from '../base/errors.ts';
import type { Service } from '../model/vocabulary.ts';
import { exitCodeOf, WARNINGS, worstCode } from './exit-codes.ts';

/** What a command found or did: the same for people and, with `--json`, as data. */
export interface Outcome {
  /** The document that `--json` prints, beside `ok`, `warnings` and `errors`. */
  readonly data: Readonly<Record<string, unknown>>;
  /** The result for people; empty when the errors say it all. */
  readonly text: string;
  /** What needs a person, though it was done: exit code 4. */
  readonly warnings?: readonly string[];
  /** What went wrong, beside what was done. */
  readonly errors?: readonly Error[];
}

/** A service's error says whose it is; one that is everybody's (an interrupt, the time limit) stays as it is. */
export function errorOf(service: Service, error: Error): Error {
  if (!(error instanceof BackupError) || error.kind === 'cancelled' || error.kind === 'timeout') return error;
  if (error.message.startsWith(`${service}:`) || error.message.startsWith(`${service}_`)) return error;
  const { kind, hint, retrySafe } = error;
  const details = { kind, retrySafe, cause: error, ...(hint === undefined ? {} : { hint }) };
  return new BackupError(`${service}: ${error.message}`, details);
}

/** An error as people and programs see it. */
interface PresentedError {
  readonly kind: string;
  readonly message: string;
  readonly hint: string | null;
  readonly code: number;
}

export interface FlatErrors {
  readonly errors: readonly PresentedError[];
  /** What they mean together. */
  readonly notes: readonly string[];
}

/** Takes collections of errors apart; the same line is said once. */
export function flatten(errors: readonly Error[]): FlatErrors {
  const found = new Map<string, PresentedError>();
  const notes = new Set<string>();
  const visit = (error: Error): void => {
    if (error instanceof SuppressedError) {
      for (const each of [error.suppressed as Error, error.error as Error]) visit(each);
    } else if (error instanceof SeveralErrors || error instanceof AggregateError) {
      if (error instanceof SeveralErrors && error.message !== '') notes.add(error.message);
      for (const each of error.errors as Error[]) visit(each);
    } else {
      const presented = present(error);
      found.set(presented.message, presented);
    }
  };
  for (const error of errors) visit(error);
  return { errors: [...found.values()], notes: [...notes] };
}

function present(error: Error): PresentedError {
  const code = exitCodeOf(error);
  const message = oneLine(error.message);
  if (error instanceof BackupError) return { kind: error.kind, message, hint: error.hint ?? null, code };
  const frame = /\n\s+at (.*)/.exec(error.stack ?? '')?.[1];
  return {
    kind: 'internal',
    message: `internal error: ${message}`,
    hint: frame === undefined ? null : `this is a bug in physics-backup, at ${frame}`,
    code,
  };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ').trim();
}

export function exitCodeOfOutcome(outcome: Outcome): number {
  const codes = flatten(outcome.errors ?? []).errors.map((each) => each.code);
  return worstCode([...codes, ...((outcome.warnings ?? []).length > 0 ? [WARNINGS] : [])]);
}
