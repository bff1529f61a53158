import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { run } from './support/docker.ts';
import { ROOT } from './support/stack.ts';

const VITEST = path.join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
/** A file whose tests all need an engine. */
const FILE = 'test/containers/rights.test.ts';

function withoutEngine(ci: string | undefined) {
  const words = [process.execPath, VITEST, 'run', '--root', ROOT, '--project', 'containers', FILE];
  return run(words, { DOCKER_HOST: 'unix:///nowhere/docker.sock', CI: ci });
}

test('a machine without an engine says which files were not run', async () => {
  const ended = await withoutEngine(undefined);
  expect(ended).toMatchObject({ code: 0 });
  const files = (await readdir(import.meta.dirname)).filter(
    (name) => name.endsWith('.test.ts') && name !== 'no-engine.test.ts',
  );
  for (const file of files) {
    expect(ended.stderr).toContain(`not run: test/containers/${file}: no Docker engine answers\n`);
  }
  expect(ended.stdout).toMatch(/Tests .*\d+ skipped/);
  expect(ended.stdout).not.toMatch(/\d+ passed/);
});

test('where all must run, that is a failure', async () => {
  const ended = await withoutEngine('true');
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain('not run: no Docker engine answers');
});
