import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { collect, Processes } from '../../src/base/processes.ts';

const processes = new Processes({ PATH: process.env['PATH'] ?? '' });
const never = new AbortController().signal;
const sh = (script: string) => ({ file: 'sh', args: ['-c', script] });

/** Waits until the kernel has no such process, or only its end to report. */
async function gone(pid: number): Promise<void> {
  const alive = (): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  while (alive()) await sleep(10);
}

test('what a child printed before anyone read it is kept', async () => {
  const early = processes.start(sh('printf early'), { stdout: 'pipe' }, never);
  await gone(early.pid);
  await sleep(50); // a moment for Node to see the exit: it would discard now
  expect(await collect(early.stdout, 'sh')).toBe('early');
  const events = processes.start(sh('printf events'), { stdout: 'pipe' }, never);
  await gone(events.pid);
  let text = '';
  events.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await Promise.all([events.ended, events.stdout === null ? undefined : once(events.stdout, 'end')]);
  expect(text).toBe('events');
});

test('a child that was stopped, or aborted, has ended also when nobody read what it printed', async () => {
  const stopped = processes.start(sh('printf unread; exec sleep 60'), { stdout: 'pipe' }, never);
  stopped.stop();
  await expect(stopped.ended).rejects.toThrow('SIGTERM');
  const controller = new AbortController();
  const aborted = processes.start(sh('printf unread'), { stdout: 'pipe' }, controller.signal);
  await gone(aborted.pid);
  controller.abort();
  await expect(aborted.ended).rejects.toThrow('cancelled');
});
