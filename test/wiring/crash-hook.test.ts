import { expect, test } from 'vitest';
import { BackupError } from '../../src/base/errors.ts';
import { reachedFrom } from '../../src/wiring/crash-hook.ts';

function recorder() {
  const sent: string[] = [];
  return { sent, kill: (signal: string) => void sent.push(signal) };
}

test('without the variables reaching a point does nothing', async () => {
  const { sent, kill } = recorder();
  await reachedFrom({ PHYSICS_BACKUP_CRASH_AT: '' }, kill)('manifest.linked');
  expect(sent).toEqual([]);
});

test('the run is interrupted at its point, and goes on', async () => {
  const { sent, kill } = recorder();
  const reached = reachedFrom({ PHYSICS_BACKUP_INTERRUPT_AT: 'manifest.linked' }, kill);
  await reached('manifest.written');
  expect(sent).toEqual([]);
  await reached('manifest.linked');
  await reached('manifest.linked');
  expect(sent).toEqual(['SIGINT']);
});

test('the run is killed the n-th time it is there, and nothing happens after', async () => {
  const { sent, kill } = recorder();
  const reached = reachedFrom({ PHYSICS_BACKUP_CRASH_AT: 'artifact.synced#2' }, kill);
  await reached('artifact.synced');
  expect(sent).toEqual([]);
  const outcome = await Promise.race([
    reached('artifact.synced').then(() => 'went on'),
    new Promise((resolve) => setImmediate(resolve, 'stopped')),
  ]);
  expect({ sent, outcome }).toEqual({ sent: ['SIGKILL'], outcome: 'stopped' });
});

test.each(['manifest.linkd', 'artifact.synced#0', 'artifact.synced#x', 'everywhere'])('"%s" is no point', (text) => {
  expect(() => reachedFrom({ PHYSICS_BACKUP_CRASH_AT: text }, () => undefined)).toThrow(BackupError);
});
