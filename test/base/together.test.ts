import { expect, test } from 'vitest';
import { BackupError } from '../../src/base/errors.ts';
import { together } from '../../src/base/together.ts';

const never = new AbortController().signal;

/** Ends only when it is aborted, and takes its time about it. */
function untilAborted(signal: AbortSignal, ended: () => void): Promise<void> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      setImmediate(() => {
        ended();
        reject(new Error('secondary'));
      });
    });
  });
}

test('the first failure aborts the rest, is what the caller sees, and nothing runs when it is seen', async () => {
  let running = true;
  const work = together(never, async (group) => {
    const piece = group.watch(untilAborted(group.signal, () => (running = false)));
    await Promise.all([piece, group.watch(Promise.reject(new Error('first')))]);
  });
  await expect(work).rejects.toThrow('first');
  expect(running).toBe(false);
});

test('a piece that nobody awaits fails the whole', async () => {
  const work = together(never, (group) => {
    group.watch(Promise.reject(new Error('unawaited'))).catch(() => undefined);
    return Promise.resolve('done');
  });
  await expect(work).rejects.toThrow('unawaited');
});

test('a throw after pieces have begun ends them', async () => {
  let running = true;
  const work = together(never, (group) => {
    group.watch(untilAborted(group.signal, () => (running = false))).catch(() => undefined);
    throw new Error('thrown');
  });
  await expect(work).rejects.toThrow('thrown');
  expect(running).toBe(false);
});

test('an abort from outside keeps its reason', async () => {
  const controller = new AbortController();
  const reason = new BackupError('time limit', { kind: 'timeout' });
  const work = together(controller.signal, (group) => {
    controller.abort(reason);
    return group.signal.reason === reason ? Promise.reject(reason) : Promise.resolve();
  });
  await expect(work).rejects.toBe(reason);
});

test('what succeeds is returned', async () => {
  await expect(together(never, (group) => group.watch(Promise.resolve(7)))).resolves.toBe(7);
});
