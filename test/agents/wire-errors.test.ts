import { describe, expect, test } from 'vitest';
import { decodeError, encodeError } from '../../src/agents/wire-errors.ts';
import { BackupError, type ErrorKind, SeveralErrors } from '../../src/base/errors.ts';
import { EXIT_CODES, Interrupted } from '../../src/cli/exit-codes.ts';
import { exitCodeOfOutcome, flatten } from '../../src/cli/outcome.ts';
import { ProcessFailed } from '../../src/base/processes.ts';

/** There and back, as JSON. */
function sent(error: unknown, reason?: BackupError): Error {
  return decodeError(JSON.parse(JSON.stringify(encodeError(error))) as ReturnType<typeof encodeError>, reason);
}

const cause = new BackupError('the tool said no', { kind: 'denied', hint: 'grant it', retrySafe: true });

describe('an error that came over a socket means what it meant', () => {
  const failed = new BackupError('the dump failed', { kind: 'failed', cause });
  const errors: readonly Error[] = [
    ...(Object.keys(EXIT_CODES) as ErrorKind[]).map(
      (kind) => new BackupError(`of kind ${kind}`, { kind, hint: 'do so' }),
    ),
    new BackupError('without a hint', { kind: 'missing' }),
    new BackupError('on\n two lines, ä and \u2028', { kind: 'damaged' }),
    failed,
    new SeveralErrors('nothing live was changed', [failed, cause, new SeveralErrors('', [new TypeError('a bug')])]),
    new AggregateError([cause, failed], 'both'),
    new SuppressedError(cause, failed),
    new TypeError('x is not a function'),
    new ProcessFailed('pg_dump', 1, null, 'pg_dump: error: no'),
  ];

  test.each(errors.map((error) => [error.message, error] as const))('%s', (_message, error) => {
    expect(flatten([sent(error)])).toEqual(flatten([error]));
    const outcomeOf = (each: Error) => exitCodeOfOutcome({ data: {}, text: '', errors: [each] });
    expect(outcomeOf(sent(error))).toBe(outcomeOf(error));
    expect(sent(error)).toMatchObject({ name: error.name, stack: error.stack });
  });

  test('whether it may be tried again, and why it came to be', () => {
    expect(sent(cause)).toMatchObject({ retrySafe: true });
    expect(sent(failed)).toMatchObject({ retrySafe: false, cause: { message: cause.message, kind: 'denied' } });
  });
});

test('what the caller cancelled for comes back as itself, also among others', () => {
  const reason = new Interrupted('SIGTERM');
  expect(sent(reason, reason)).toBe(reason);
  const several = sent(new SeveralErrors('', [cause, reason]), reason) as SeveralErrors;
  expect(several.errors[1]).toBe(reason);
  expect(exitCodeOfOutcome({ data: {}, text: '', errors: [several] })).toBe(143);
});

test('an error that is its own cause does not go on for ever', () => {
  const error = new Error('round and round');
  error.cause = error;
  expect(sent(error).message).toBe('round and round');
});
