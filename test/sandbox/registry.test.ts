import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Processes } from '../../src/base/processes.ts';
import { processesOfSandbox, processStartTime, SANDBOX_MARK } from '../../src/sandbox/identity.ts';
import { freePort } from '../../src/sandbox/ports.ts';
import { registerSandbox, sweepSandboxes } from '../../src/sandbox/registry.ts';

const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';
const processes = new Processes({ PATH });
const { signal } = new AbortController();
let root = '';
let registry = '';

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'sandboxes-'));
  registry = path.join(root, 'registry');
});
afterEach(() => rm(root, { recursive: true, force: true }));

test('a sandbox that is disposed of leaves nothing', async () => {
  const sandbox = await registerSandbox(registry, path.join(root, 'one'), processes, signal);
  expect(await readdir(registry)).toHaveLength(1);
  await sandbox[Symbol.asyncDispose]();
  expect(await readdir(root)).toEqual(['registry']);
  expect(await readdir(registry)).toEqual([]);
});

test('a sweep leaves alone what a living owner holds', async () => {
  await using sandbox = await registerSandbox(registry, path.join(root, 'one'), processes, signal);
  expect(await sweepSandboxes(registry, processes, signal)).toEqual([]);
  await access(sandbox.directory);
});

test('what a killed run left is removed: directory, launcher and its orphaned child, and no other process', async () => {
  const directory = path.join(root, 'one');
  const stranger = spawn('sleep', ['60'], { env: { PATH } });
  const owner = await ownerThatStartsServers(directory);
  const marked = await processesOfSandbox(directory);
  expect(marked).toHaveLength(1);
  process.kill(owner.pid ?? 0, 'SIGKILL');
  await once(owner, 'close');
  expect(await processesOfSandbox(directory)).toEqual(marked); // an orphan

  expect(await sweepSandboxes(registry, processes, signal)).toEqual([directory]);

  await expect.poll(() => processesOfSandbox(directory)).toEqual([]);
  await expect(access(directory)).rejects.toThrow('ENOENT');
  expect(await readdir(registry)).toEqual([]);
  expect(await processStartTime(stranger.pid ?? 0)).toBeDefined();
  stranger.kill();
});

test('a process whose entry a run in another container removed is ended here, and one that is registered is not', async () => {
  const living = path.join(root, 'living');
  const [owner, other] = [await ownerThatStartsServers(path.join(root, 'one')), await ownerThatStartsServers(living)];
  process.kill(owner.pid ?? 0, 'SIGKILL');
  await once(owner, 'close');
  for (const name of await readdir(registry)) {
    const file = path.join(registry, name);
    if (!(await readFile(file, 'utf8')).includes(living)) await rm(file);
  }
  expect(await processesOfSandbox(path.join(root, 'one'))).toHaveLength(1);

  expect(await sweepSandboxes(registry, processes, signal)).toEqual([]);

  await expect.poll(() => processesOfSandbox(path.join(root, 'one'))).toEqual([]);
  expect(await processesOfSandbox(living)).toHaveLength(1);
  process.kill(other.pid ?? 0, 'SIGKILL');
  await once(other, 'close');
  expect(await sweepSandboxes(registry, processes, signal)).toEqual([living]);
});

test('a registered pid that another process has got by now is not ended', async () => {
  const stranger = spawn('sleep', ['60'], { env: { PATH } });
  await registerSandbox(registry, path.join(root, 'gone'), processes, signal).then((each) =>
    each[Symbol.asyncDispose](),
  );
  const lines = [{ directory: path.join(root, 'one') }, { pid: stranger.pid, startTime: 'another boot/1' }];
  await writeFile(path.join(registry, 'entry.json'), lines.map((each) => `${JSON.stringify(each)}\n`).join(''));
  expect(await sweepSandboxes(registry, processes, signal)).toEqual([path.join(root, 'one')]);
  expect(await processStartTime(stranger.pid ?? 0)).toBeDefined();
  expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  stranger.kill();
});

test('an entry that was being written when its owner was killed is removed', async () => {
  await registerSandbox(registry, path.join(root, 'gone'), processes, signal).then((each) =>
    each[Symbol.asyncDispose](),
  );
  await writeFile(path.join(registry, 'torn.json'), '{"directory":"/nowh');
  expect(await sweepSandboxes(registry, processes, signal)).toEqual([]);
  expect(await readdir(registry)).toEqual([]);
});

test('a registry that does not exist yet has nothing to sweep', async () => {
  expect(await sweepSandboxes(registry, processes, signal)).toEqual([]);
});

test('a free port can be bound', async () => {
  expect(await freePort()).toBeGreaterThan(1023);
});

/** A process of its own that registers a sandbox and starts a server of it that does not die with its parent. */
async function ownerThatStartsServers(directory: string) {
  const source = path.resolve(import.meta.dirname, '../../src');
  const program = `
    const { Processes } = await import('${source}/base/processes.ts');
    const { registerSandbox } = await import('${source}/sandbox/registry.ts');
    const { spawn } = await import('node:child_process');
    const sandbox = await registerSandbox('${registry}', '${directory}', new Processes({ PATH: '${PATH}' }), new AbortController().signal);
    const child = spawn('sleep', ['60'], { env: { PATH: '${PATH}', ...sandbox.env }, detached: true, stdio: 'ignore' });
    await sandbox.started(child.pid);
    console.log('ready', '${SANDBOX_MARK}' in sandbox.env);
    setInterval(() => {}, 1000);
  `;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(owner.stdout, 'data')) as [Buffer];
  expect(said.toString()).toBe('ready true\n');
  return owner;
}
