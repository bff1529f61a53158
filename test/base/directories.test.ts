import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeDirectories } from '../../src/base/directories.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'directories-'));
});
afterAll(() => rm(root, { recursive: true }));

test('makes what is missing, says what it made first, and does nothing twice', async () => {
  const deep = path.join(root, 'a', 'b', 'c');
  expect(makeDirectories(deep)).toBe(path.join(root, 'a'));
  expect((await stat(deep)).mode & 0o777).toBe(0o700);
  expect(makeDirectories(deep)).toBeUndefined();
});

test('a file where a directory is needed', async () => {
  await writeFile(path.join(root, 'file'), '');
  expect(() => makeDirectories(path.join(root, 'file'))).toThrow(expect.objectContaining({ kind: 'exists' }));
  expect(() => makeDirectories(path.join(root, 'file', 'x'))).toThrow(/ENOTDIR/);
  expect(await readdir(root)).toContain('file');
});

test.each(['/proc/nowhere', '/proc/nowhere/deep/er'])('%s, where nothing can be made, ends at once', (directory) => {
  expect(() => makeDirectories(directory)).toThrow(
    expect.objectContaining({ kind: 'denied', hint: expect.stringMatching(/config show/) as string }),
  );
});
