import { describe, expect, test } from 'vitest';
import { BackupError, type ErrorKind, SeveralErrors } from '../../src/base/errors.ts';
import { EXIT_CODES, exitCodeOf, Interrupted, worstCode } from '../../src/cli/exit-codes.ts';
import { exitCodeOfOutcome, flatten } from '../../src/cli/outcome.ts';

/** The table of docs/architecture.md, "Errors and exit codes", written down by hand. */
const TABLE: Readonly<Record<ErrorKind, number>> = {
  failed: 1,
  'no-space': 1,
  exists: 1,
  conflict: 1,
  usage: 2,
  damaged: 3,
  'not-found': 5,
  busy: 6,
  unreachable: 7,
  denied: 7,
  'too-old': 7,
  missing: 7,
  'missing-tool': 7,
  keys: 8,
  'newer-format': 8,
  timeout: 9,
  cancelled: 130,
};

test.each(Object.entries(TABLE))('%s is exit code %i', (kind, code) => {
  expect(exitCodeOf(new BackupError('x', { kind: kind as ErrorKind }))).toBe(code);
});

test('every kind is in the table', () => {
  expect(Object.keys(EXIT_CODES).toSorted()).toEqual(Object.keys(TABLE).toSorted());
});

test('a bug of ours is a failed operation', () => {
  expect(exitCodeOf(new TypeError('x is not a function'))).toBe(1);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 143],
] as const)('%s is exit code %i', (signal, code) => {
  expect(exitCodeOf(new Interrupted(signal))).toBe(code);
});

describe('several codes', () => {
  /** Highest precedence first. */
  const ORDER = [130, 3, 8, 2, 1, 9, 7, 6, 5, 4, 0];
  const pairs = ORDER.flatMap((first, index) => ORDER.slice(index + 1).map((second) => [first, second] as const));

  test.each(pairs)('%i wins over %i', (first, second) => {
    expect(worstCode([second, first])).toBe(first);
    expect(worstCode([first, second])).toBe(first);
  });

  test('143 wins as 130 does, and none is 0', () => {
    expect(worstCode([3, 143])).toBe(143);
    expect(worstCode([])).toBe(0);
  });
});

describe('an outcome', () => {
  const done = { data: {}, text: '' };

  test('that is good is 0, with warnings 4, with errors that of the worst', () => {
    const busy = new BackupError('busy', { kind: 'busy' });
    const damaged = new BackupError('damaged', { kind: 'damaged' });
    expect(exitCodeOfOutcome(done)).toBe(0);
    expect(exitCodeOfOutcome({ ...done, warnings: ['w'] })).toBe(4);
    expect(exitCodeOfOutcome({ ...done, warnings: ['w'], errors: [busy] })).toBe(6);
    expect(exitCodeOfOutcome({ ...done, errors: [new SeveralErrors('', [busy, damaged])] })).toBe(3);
  });

  test('takes collections of errors apart, says the same line once, and keeps what they mean together', () => {
    const first = new BackupError('postgres: down', { kind: 'unreachable', hint: 'start it' });
    const second = new BackupError('redis: down', { kind: 'unreachable' });
    const { errors, notes } = flatten([new SeveralErrors('nothing live was changed', [first, second]), first]);
    expect(errors).toEqual([
      { kind: 'unreachable', message: 'postgres: down', hint: 'start it', code: 7 },
      { kind: 'unreachable', message: 'redis: down', hint: expect.stringContaining('LOG_DIR') as string, code: 7 },
    ]);
    expect(notes).toEqual(['nothing live was changed']);
  });

  test('an error on several lines becomes one; a bug says where', () => {
    const { errors } = flatten([new BackupError('a\n  b', { kind: 'failed' }), new TypeError('oops')]);
    expect(errors[0]?.message).toBe('a b');
    expect(errors[1]?.message).toBe('internal error: oops');
    expect(errors[1]?.hint).toContain('exit-codes.test.ts');
  });

  test('what failed while something else was cleaned up is shown with it', () => {
    const cause = new BackupError('the dump failed', { kind: 'failed' });
    const later = new BackupError('the lock could not be released', { kind: 'failed' });
    const { errors } = flatten([new SuppressedError(later, cause)]);
    expect(errors.map((each) => each.message)).toEqual(['the dump failed', 'the lock could not be released']);
  });
});
