import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { NEO4J_HOME } from '../../platform/host.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const scratch = mkdtempSync(path.join(os.tmpdir(), 'physics-test-setup-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function setup(args: readonly string[], root = ROOT, env: Record<string, string> = {}): SpawnSyncReturns<string> {
  const options = { encoding: 'utf8', env: { ...process.env, ...env } } as const;
  return spawnSync(process.execPath, [path.join(root, 'scripts', 'setup.mjs'), ...args], options);
}

/** What is in the cache and when it changed. */
function cacheListing(): string[] {
  return readdirSync(NEO4J_HOME, { recursive: true }).map(String).toSorted();
}

describe('set-up', () => {
  it('does nothing where everything is there, and is quick about it', () => {
    const before = cacheListing();
    const fastest = Math.min(
      ...Array.from({ length: 5 }, () => {
        const start = performance.now();
        const { status, stdout, stderr } = setup([]);
        expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
        return performance.now() - start;
      }),
    );
    expect(fastest).toBeLessThan(1000);
    expect(cacheListing()).toEqual(before);
  });

  it('--check finds nothing missing here', () => {
    expect(setup(['--check'])).toMatchObject({ status: 0, stdout: 'Nothing is missing.\n' });
  });

  it('--check names what is missing, and installs nothing', () => {
    // A tree without node_modules, a PATH without anything.
    const tree = path.join(scratch, 'tree');
    cpSync(path.join(ROOT, 'scripts'), path.join(tree, 'scripts'), { recursive: true });
    cpSync(path.join(ROOT, 'package-lock.json'), path.join(tree, 'package-lock.json'));
    const cache = path.join(scratch, 'cache');
    const { status, stdout } = setup(['--check'], tree, { PATH: scratch, XDG_CACHE_HOME: cache, JAVA_HOME: '' });
    expect(status).toBe(1);
    expect(stdout).toContain('npm packages: not installed');
    expect(stdout).toMatch(/Debian packages: .*redis-server redis-tools zstd .*maven openjdk-17-jre-headless/);
    expect(existsSync(path.join(tree, 'node_modules'))).toBe(false);
    expect(existsSync(cache)).toBe(false);
  });

  it('that fails names the step and the remedy, and exits 1', () => {
    // Everything but zstd, and no apt-get either.
    const bin = path.join(scratch, 'bin');
    const lacking = new Set(['zstd', 'apt-get', 'sudo']);
    cpSync(path.join(ROOT, 'scripts'), path.join(scratch, 'failing', 'scripts'), { recursive: true });
    linkPrograms(bin, lacking);
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(scratch, 'failing', 'node_modules'));
    cpSync(path.join(ROOT, 'package-lock.json'), path.join(scratch, 'failing', 'package-lock.json'));
    const { status, stdout, stderr } = setup([], path.join(scratch, 'failing'), { PATH: bin });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/failed at Debian packages: .*apt-get/);
    expect(stderr).toMatch(/^hint: .*apt-get install .*zstd$/m);
  });

  it('asks for a browser only when it is told to, and does without one that cannot be installed', () => {
    const bin = path.join(scratch, 'bin-without-browser');
    linkPrograms(bin, new Set(['chromium', 'apt-get', 'sudo']));
    expect(setup(['--check'], ROOT, { PATH: bin })).toMatchObject({ status: 0 });
    expect(setup(['--check', '--browser'], ROOT, { PATH: bin }).stdout).toContain('browser of the tests: chromium');
    const { status, stderr } = setup(['--browser'], ROOT, { PATH: bin });
    expect(status).toBe(0);
    expect(stderr).toContain('the tests in a browser will not be run: there is no apt-get');
  });

  it('refuses arguments that it does not know', () => {
    expect(setup(['--chek'])).toMatchObject({ status: 2, stdout: '' });
  });
});

/** A directory with all programs of the system but some. */
function linkPrograms(bin: string, lacking: ReadonlySet<string>): void {
  mkdirSync(bin);
  for (const name of readdirSync('/usr/bin'))
    if (!lacking.has(name)) symlinkSync(path.join('/usr/bin', name), path.join(bin, name));
}
