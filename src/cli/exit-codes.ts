import { BackupError, type ErrorKind } from '../base/errors.ts';

/** The exit code of each kind of error (docs/architecture.md, "Errors and exit codes"). */
export const EXIT_CODES: Readonly<Record<ErrorKind, number>> = {
  usage: 2,
  unreachable: 7,
  denied: 7,
  'too-old': 7,
  missing: 7,
  'missing-tool': 7,
  'no-space': 1,
  damaged: 3,
  keys: 8,
  'newer-format': 8,
  busy: 6,
  timeout: 9,
  cancelled: 130,
  'not-found': 5,
  exists: 1,
  conflict: 1,
  failed: 1,
};

/** Done, but with warnings that need a person. */
export const WARNINGS = 4;

/** Of several codes the first in this list wins. */
const PRECEDENCE: readonly number[] = [143, 130, 3, 8, 2, 1, 9, 7, 6, 5, WARNINGS];

/** The operator, or the system, asked us to stop; the reason of the host's signal. */
export class Interrupted extends BackupError {
  readonly exitCode: number;

  constructor(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') {
    super(`interrupted by ${signal}`, { kind: 'cancelled' });
    this.name = 'Interrupted';
    this.exitCode = signal === 'SIGINT' ? 130 : 143;
  }
}

/** What is no error of ours is a bug of ours: the operation failed. */
export function exitCodeOf(error: Error): number {
  if (error instanceof Interrupted) return error.exitCode;
  return error instanceof BackupError ? EXIT_CODES[error.kind] : 1;
}

/** 0 when there is none. */
export function worstCode(codes: readonly number[]): number {
  return PRECEDENCE.find((code) => codes.includes(code)) ?? 0;
}
