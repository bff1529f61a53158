import { execFileSync } from 'node:child_process';
import { chmod, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { LocalStore, type PutStep } from '../../src/stores/local.ts';
import { failure, filesIn, never, openToAll, scratch } from '../support/repository.ts';

const body = () => Readable.from([Buffer.from('x')]);
const SCRIPT = path.join(import.meta.dirname, 'put-script.ts');
const MEBIBYTE = 1024 * 1024;

/** Runs the script that puts, under another program that limits it. */
function putUnder(limiter: readonly string[], directory: string, bytes: number): string {
  const args = [...limiter, process.execPath, SCRIPT, directory, `${bytes}`];
  return execFileSync('env', args, { encoding: 'utf8' }); // env runs the first of them
}

test('directories are 0700 and files 0600, whatever the umask', async () => {
  await using directory = await scratch();
  const umask = process.umask(0);
  try {
    await new LocalStore(directory.path).put('postgres/daily/x', body, {}, never);
  } finally {
    process.umask(umask);
  }
  const mode = async (name: string) => (await stat(path.join(directory.path, name))).mode & 0o777;
  expect([await mode('postgres'), await mode('postgres/daily'), await mode('postgres/daily/x')]).toEqual([
    0o700, 0o700, 0o600,
  ]);
});

test('bytes are on disk before the name is there, and a failure at any step leaves nothing', async () => {
  for (const failing of ['written', 'synced'] as const) {
    await using directory = await scratch();
    const steps: PutStep[] = [];
    const store = new LocalStore(directory.path, async (step) => {
      steps.push(step);
      expect((await filesIn(directory.path)).some((name) => name.endsWith('/x'))).toBe(step === 'placed');
      if (step === failing) throw new Error('killed');
    });
    await expect(store.put('a/x', body, {}, never)).rejects.toThrow('killed');
    expect(await filesIn(directory.path)).toEqual([]);
    expect(steps.at(-1)).toBe(failing);
  }
});

test('temporary files are listed as unfinished only, and are abandoned by that name', async () => {
  await using directory = await scratch();
  const store = new LocalStore(directory.path);
  await store.put('a/x', body, {}, never);
  const name = 'a/.x.0123456789ab.part';
  await writeFile(path.join(directory.path, name), 'part');
  expect((await Array.fromAsync(store.list('', never))).map((each) => each.key)).toEqual(['a/x']);
  expect(await store.unfinished('a/', never)).toEqual([name]);
  expect((await failure(store.put(name, body, {}, never))).kind).toBe('usage');
  expect((await failure(store.abandon('a/x', never))).kind).toBe('usage');
  expect((await failure(store.abandon('../a/.x.0123456789ab.part', never))).kind).toBe('usage');
  await store.abandon(name, never);
  expect(await filesIn(directory.path)).toEqual(['a/x']);
});

test('a symbolic link is not followed to a file elsewhere', async () => {
  await using directory = await scratch();
  await mkdir(path.join(directory.path, 'store'));
  await writeFile(path.join(directory.path, 'secret'), 'secret');
  await symlink('../secret', path.join(directory.path, 'store', 'link'));
  const store = new LocalStore(path.join(directory.path, 'store'));
  await expect(store.get('link', {}, never)).rejects.toThrow(/failed/);
  await expect(store.read('link', 100, never)).rejects.toThrow(/failed/);
  expect(await store.stat('link', never)).toBeUndefined();
  expect(await Array.fromAsync(store.list('', never))).toEqual([]);
});

test('a full disk is told as such, and leaves nothing', async () => {
  await using directory = await scratch();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', directory.path]);
  try {
    expect(putUnder([], directory.path, 2 * MEBIBYTE)).toBe('stored');
    expect(putUnder([], directory.path, 8 * MEBIBYTE)).toMatch(/^no-space\|make room/);
    expect(await filesIn(directory.path)).toEqual(['postgres/daily/x']);
  } finally {
    execFileSync('umount', [directory.path]);
  }
});

test('a limit on the size of files is told as no room', async () => {
  await using directory = await scratch();
  const limited = ['prlimit', `--fsize=${MEBIBYTE}`];
  expect(putUnder(limited, directory.path, 4 * MEBIBYTE)).toMatch(/^no-space/);
  expect(await filesIn(directory.path)).toEqual([]);
});

test('a directory that may not be written is told as such, with what to do', async () => {
  await using directory = await scratch();
  await openToAll(directory.path);
  const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
  expect(putUnder(nobody, directory.path, MEBIBYTE)).toMatch(/^denied\|give the user/);
  expect(await filesIn(directory.path)).toEqual([]);
  await chmod(directory.path, 0o777);
  expect(putUnder(nobody, directory.path, MEBIBYTE)).toBe('stored');
});

test('frees the chunks that were handed over, and no others', async () => {
  await using directory = await scratch();
  const store = new LocalStore(directory.path);
  const [given, kept] = [Buffer.alloc(100_000, 1), Buffer.alloc(100_000, 1)];
  await store.put('a/given', () => Readable.from([given]), { handsOver: true }, never);
  await store.put('a/kept', () => Readable.from([kept]), {}, never);
  expect([given.length, kept.length]).toEqual([0, 100_000]);
  expect(await store.read('a/given', 100_000, never)).toEqual(kept);
});
