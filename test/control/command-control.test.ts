import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CommandControl } from '../../src/control/command-control.ts';
import { testProcesses } from '../support/file-backup.ts';

let directory: string;
let lockFile: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'pbs-control-'));
  lockFile = path.join(directory, 'store_lock');
});
afterEach(() => rm(directory, { recursive: true }));

/** A server that does nothing but hold a POSIX lock, as Java does, until the file `run` is gone. */
const SERVER = `
import fcntl, os, sys, time
if os.fork(): sys.exit()
os.setsid()
for each in range(3): os.close(each)
lock = os.open(sys.argv[1] + '/store_lock', os.O_RDWR | os.O_CREAT)
fcntl.lockf(lock, fcntl.LOCK_EX)
while os.path.exists(sys.argv[1] + '/run'): time.sleep(0.05)
`;

function control(start: readonly [string, ...string[]], stop: readonly [string, ...string[]]): CommandControl {
  return new CommandControl({ start, stop, lockFile, processes: testProcesses });
}

test('a server is running as long as it holds its lock, whatever its commands say', async () => {
  const run = path.join(directory, 'run');
  const server = control(['python3', '-c', SERVER, directory], ['rm', run]);
  expect(await server.running()).toBe(false);
  await server.stop(); // runs no command: there would be no file to remove
  await writeFile(run, '');
  await server.start();
  await expect.poll(() => server.running(), { timeout: 20_000 }).toBe(true);
  await server.start(); // does nothing
  await server.stop();
  expect(await server.running()).toBe(false);
});

test('a command that fails is named, with what it said', async () => {
  const server = control(['sh', '-c', 'echo no such unit >&2; exit 5'], ['true']);
  await expect(server.start()).rejects.toMatchObject({
    kind: 'failed',
    message: expect.stringContaining('no such unit') as string,
  });
  expect(await server.running()).toBe(false);
});
