import { expect, test } from 'vitest';
import { abortError, BackupError } from '../../src/base/errors.ts';
import { Interrupted } from '../../src/cli/exit-codes.ts';
import { withTimeLimit } from '../../src/cli/time-limit.ts';

const never = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(abortError(signal)));
  });

test('work that takes too long is aborted with kind timeout, and the variable is named', async () => {
  const error = await withTimeLimit(0.01, new AbortController().signal, never).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(BackupError);
  expect(error).toMatchObject({ kind: 'timeout', hint: expect.stringContaining('BACKUP_TIMEOUT') as string });
});

test('work in time is not disturbed', async () => {
  expect(await withTimeLimit(60, new AbortController().signal, () => Promise.resolve('done'))).toBe('done');
});

test('an interrupt stays what it is', async () => {
  const operator = new AbortController();
  const work = withTimeLimit(60, operator.signal, never);
  const reason = new Interrupted('SIGTERM');
  operator.abort(reason);
  await expect(work).rejects.toBe(reason);
});
