import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPlatform } from '../../platform/platform.ts';
import { readPidRecord, runs } from '../../platform/servers/pid-record.ts';
import { processesIn } from '../../platform/servers/runner.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command as a user would; standard output tells `watch` as it comes. */
async function platform(...args: string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [path.join(ROOT, 'platform', 'main.ts'), ...args]);
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  return { code, ...output };
}

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(path.join(os.tmpdir(), 'physics-test-platform-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

describe('npm run platform', () => {
  it('goes up, is seen, is refused a second time, and goes down without a trace, twice', async () => {
    const directory = path.join(scratch, 'one');
    expect(await platform('up', '--dir', directory)).toMatchObject({ code: 0 });
    const servers = await Promise.all(
      ['postgres', 'neo4j', 'redis'].map((name) => readPidRecord(path.join(directory, name))),
    );
    expect(servers).not.toContain(undefined);

    const seen = await platform('env', '--dir', directory);
    expect(seen.code).toBe(0);
    expect(seen.stdout).toContain(`export BACKUP_DIR=${directory}/backups\n`);
    expect(seen.stdout).toMatch(/export NEO4J_PORT=\d+\n/);

    const second = await platform('up', '--dir', directory);
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toMatch(/already\nhint: .*down/);
    for (const each of servers) expect(each && (await runs(each))).toBe(true);

    expect(await platform('down', '--dir', directory)).toMatchObject({ code: 0 });
    for (const each of servers) expect(each && (await runs(each))).toBe(false);
    expect(await processesIn(directory)).toEqual([]);
    expect(existsSync(directory)).toBe(false);
    const again = await platform('down', '--dir', directory);
    expect(again).toMatchObject({ code: 0, stdout: `No platform in ${directory}.\n` });
    expect(await platform('env', '--dir', directory)).toMatchObject({ code: 1, stdout: '' });
  });

  it('touches no directory that is not a platform', async () => {
    const directory = path.join(scratch, 'precious');
    await mkdir(directory);
    await writeFile(path.join(directory, 'file'), 'kept');
    const up = await platform('up', '--dir', directory);
    expect(up.code).toBe(1);
    expect(up.stderr).toContain('not empty');
    expect(await platform('down', '--dir', directory)).toMatchObject({ code: 0 });
    expect(await readdir(directory)).toEqual(['file']);
  });

  it('explains wrong usage', async () => {
    expect(await platform()).toMatchObject({ code: 2 });
    expect(await platform('up', '--size', 'enormous', '--dir', path.join(scratch, 'never'))).toMatchObject({ code: 2 });
    expect(await platform('up', '--sise', 'tiny')).toMatchObject({ code: 2 });
    expect(existsSync(path.join(scratch, 'never'))).toBe(false);
  });
});

describe('startPlatform', () => {
  it('leaves neither a process nor a file when it is cancelled while servers start', async () => {
    const directory = path.join(scratch, 'cancelled');
    const controller = new AbortController();
    const log = (): void => controller.abort(); // the first server that is up
    const start = startPlatform({ directory, size: 'tiny', seed: 1, detached: true, signal: controller.signal, log });
    await expect(start).rejects.toMatchObject({ kind: 'cancelled' });
    expect(existsSync(directory)).toBe(false);
    expect(await processesIn(directory)).toEqual([]);
  });

  it('is killed with the process that started it', async () => {
    const directory = path.join(scratch, 'killed');
    const program = `
      const { startPlatform } = await import(${JSON.stringify(path.join(ROOT, 'platform', 'platform.ts'))});
      await startPlatform({ directory: ${JSON.stringify(directory)}, seed: 1, detached: false });
      console.log('up');
      setInterval(() => {}, 60_000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], { cwd: ROOT });
    await new Promise((resolve, reject) => child.stdout.once('data', resolve).once('error', reject));
    expect((await processesIn(directory)).length).toBeGreaterThanOrEqual(3);
    child.kill('SIGKILL');
    await expect.poll(() => processesIn(directory), { timeout: 60_000 }).toEqual([]);
  });
});
