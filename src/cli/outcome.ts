import { BackupError, SeveralErrors } from '../base/errors.ts';
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
  /** Exit codes of what the text already says. */
  readonly codes?: readonly number[];
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
  if (error instanceof BackupError) return { kind: error.kind, message, hint: hintOf(error), code };
  const frame = /\n\s+at (.*)/.exec(error.stack ?? '')?.[1];
  return {
    kind: 'internal',
    message: `internal error: ${message}`,
    hint: frame === undefined ? null : `this is a bug in physics-backup, at ${frame}`,
    code,
  };
}

/** An operator who was told nothing else is told where to look; one who interrupted knows. */
function hintOf({ hint, kind }: BackupError): string | null {
  return (
    hint ?? (kind === 'cancelled' ? null : 'its details are in the log, below LOG_DIR (physics-backup config show)')
  );
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ').trim();
}

export function exitCodeOfOutcome(outcome: Outcome): number {
  const codes = flatten(outcome.errors ?? []).errors.map((each) => each.code);
  return worstCode([...codes, ...(outcome.codes ?? []), ...((outcome.warnings ?? []).length > 0 ? [WARNINGS] : [])]);
}
