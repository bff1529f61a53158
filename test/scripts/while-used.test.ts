import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';

const SCRIPT = path.join(import.meta.dirname, '..', '..', 'backup', 'containers', 'while-used');
const scratch = mkdtempSync(path.join(os.tmpdir(), 'while-used-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs a command that says when it begins, once it can be told to end. */
function start(name: string, seconds: number, script: string): ChildProcessWithoutNullStreams {
  return spawn(SCRIPT, [path.join(scratch, name), String(seconds), 'sh', '-c', script]);
}

const UNTIL_TOLD = `trap 'echo told; exit 0' TERM; echo begun; while :; do sleep 0.1; done`;

async function ended(child: ChildProcessWithoutNullStreams) {
  let said = '';
  child.stdout.on('data', (text: Buffer) => (said += text.toString()));
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
}

test('what nobody uses is asked to end', async () => {
  expect(await ended(start('unused', 1, UNTIL_TOLD))).toEqual({
    code: 0,
    said: 'begun\nnobody has used this for 1 s: it ends\ntold\n',
  });
});

/** Resolves once somebody uses it, for so many seconds. */
async function user(name: string, seconds: number): Promise<ChildProcessWithoutNullStreams> {
  const holding = ['sh', '-c', `echo held; exec sleep ${seconds}`];
  const child = spawn('flock', ['--shared', '--no-fork', path.join(scratch, name), ...holding]);
  await once(child.stdout, 'data');
  return child;
}

test('what is used stays, and ends when its last user has, however that ended', async () => {
  const brief = await user('used', 3); // three times as long as it stays unused
  const last = await user('used', 600);
  const child = start('used', 1, UNTIL_TOLD);
  const result = ended(child);
  await once(brief, 'close');
  expect(child.exitCode).toBeNull();
  last.kill('SIGKILL');
  expect(await result).toMatchObject({ code: 0 });
});

test('a stop reaches it at once, and its own end is the end', async () => {
  const stopped = start('stopped', 30, UNTIL_TOLD);
  await once(stopped.stdout, 'data');
  const result = ended(stopped);
  stopped.kill('SIGTERM');
  expect(await result).toMatchObject({ code: 0, said: 'told\n' });
  expect(await ended(start('failed', 30, 'echo begun; exit 7'))).toEqual({ code: 7, said: 'begun\n' });
});
