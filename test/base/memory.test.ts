import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { availableMemory, cachedBytes } from '../../src/base/memory.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'memory-'));
});
afterEach(() => rm(root, { recursive: true }));

/** The files of a kernel that we look at. */
async function kernel(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}

const SECOND = 'anon 7\nfile 1000\nshmem 5\ninactive_anon 9\ninactive_file 300\nactive_file 20\n';
const FIRST =
  'cache 1000\nrss 7\ninactive_file 1\nactive_file 2\ntotal_cache 1000\ntotal_inactive_file 400\ntotal_active_file 30\n';

test.each([
  ['version 2, in a name space', '0::/\n', 'sys/fs/cgroup/memory.stat', SECOND, 320],
  ['version 2, on a host', '0::/a/b\n', 'sys/fs/cgroup/a/b/memory.stat', SECOND, 320],
  ['version 1, in a container', '4:memory:/docker/0a\n0::/\n', 'sys/fs/cgroup/memory/memory.stat', FIRST, 430],
  ['version 1, on a host', '4:memory:/a\n0::/\n', 'sys/fs/cgroup/memory/a/memory.stat', FIRST, 430],
])('files that the kernel caches are found: %s', async (_what, groups, file, stat, bytes) => {
  await kernel({ 'proc/self/cgroup': groups, [file]: stat });
  expect(cachedBytes(root)).toBe(bytes);
});

test('of a kernel that says nothing there are none', () => {
  expect(cachedBytes(root)).toBe(0);
});

test('what is available is something, and no more than the machine has', () => {
  expect(availableMemory()).toBeGreaterThan(0);
  expect(availableMemory()).toBeLessThanOrEqual(os.totalmem());
});
