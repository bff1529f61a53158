import { execFile } from 'node:child_process';
import { chmod, lchown, lstat, open, readFile, rename, rm, rmdir, symlink, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applicationDirectories } from '../../platform/clients/application.ts';
import { seedApplication } from '../../platform/data/application/seed.ts';
import { destroyApplication } from '../../platform/data/destroy.ts';
import { fingerprintApplication } from '../../platform/fingerprint/application/fingerprint.ts';
import { differingNames } from '../../platform/fingerprint/compare.ts';
import type { Fingerprint } from '../../platform/fingerprint/fingerprint.ts';
import { type OwnServices, startServices } from '../support/system/own-services.ts';

let services: OwnServices;
let uploads: string;
let before: Fingerprint;

beforeAll(async () => {
  services = await startServices(['application']);
  uploads = applicationDirectories(services.environment)[0]?.path ?? '';
  before = await fingerprintApplication(services.environment);
});
afterAll(() => services[Symbol.asyncDispose]());

/** What differs since the last call; the state now is what the next is compared with. */
async function changed(): Promise<string[]> {
  const after = await fingerprintApplication(services.environment);
  const names = differingNames(before, after);
  before = after;
  return names;
}

const at = (...parts: string[]): string => path.join(uploads, 'odd', ...parts);
const run = (file: string, ...args: string[]): Promise<unknown> => promisify(execFile)(file, args);

/** Makes a change without a trace in the modification time of the entries named. */
async function unseenBy(entries: readonly string[], change: () => Promise<unknown>): Promise<void> {
  const times = await Promise.all(entries.map(async (entry) => (await lstat(entry, { bigint: true })).mtimeNs));
  await change();
  for (const [index, entry] of entries.entries()) await setTime(entry, times[index] ?? 0n);
}

/** Of the entry itself, also where it is a link. */
async function setTime(entry: string, nanoseconds: bigint): Promise<void> {
  const fraction = String(nanoseconds % 1_000_000_000n).padStart(9, '0');
  await run('touch', '-h', '-d', `@${nanoseconds / 1_000_000_000n}.${fraction}`, '--', entry);
}

async function setByte(file: string, position: number, byte: number): Promise<void> {
  await using handle = await open(file, 'r+');
  await handle.write(Buffer.from([byte]), 0, 1, position);
}

describe('names exactly what was changed', () => {
  test('one bit, with size and time as before', async () => {
    const file = path.join(uploads, '2025', 'batch 0', 'uploads 0.txt');
    const bytes = await readFile(file);
    await unseenBy([file], () => setByte(file, 20_000, (bytes[20_000] ?? 0) ^ 4));
    expect(await changed()).toEqual(['uploads/2025/batch 0/uploads 0.txt']);
  });

  test('a modification time, by a nanosecond', async () => {
    const { mtimeNs } = await lstat(at('mode 644'), { bigint: true });
    await setTime(at('mode 644'), mtimeNs + 1n);
    expect(await changed()).toEqual(['uploads/odd/mode 644']);
  });

  test.each([
    ['a file', 'mode 400', 0o401],
    ['a file that lost set-user-id', 'mode 4755', 0o755],
    ['a directory that lost set-group-id', 'directory 2775', 0o775],
    ['a directory that lost its sticky bit', 'directory 1777', 0o777],
    ['a pipe', 'fifo', 0o600],
  ])('the mode of %s', async (_, name, mode) => {
    await chmod(at(name), mode);
    expect(await changed()).toEqual([`uploads/odd/${name}`]);
  });

  test('the mode of a whole directory', async () => {
    await chmod(uploads, 0o750);
    expect(await changed()).toEqual(['uploads']);
  });

  test('a group, where we may give one', async () => {
    const other = process.getgroups?.().find((group) => group !== process.getgid?.()) ?? 12;
    const may = process.getuid?.() === 0 || (process.getgroups?.() ?? []).includes(other);
    const refused = await lchown(at('dangling'), -1, other).then(
      () => false,
      () => true,
    );
    expect(refused).toBe(!may);
    expect(await changed()).toEqual(may ? ['uploads/odd/dangling'] : []);
  });

  test('a hard link replaced by a copy', async () => {
    await unseenBy([at()], async () => {
      await run('cp', '-p', at('also a hard link'), at('copy'));
      await rename(at('copy'), at('also a hard link'));
    });
    const names = ['also a hard link', 'links/hard link', 'links/original'];
    expect(await changed()).toEqual(names.map((name) => `uploads/odd/${name}`));
  });

  test('a hole that was filled', async () => {
    await unseenBy([at(), at('sparse.bin')], async () => {
      await run('cp', '-p', '--sparse=never', at('sparse.bin'), at('copy'));
      await rename(at('copy'), at('sparse.bin'));
    });
    expect(await changed()).toEqual(['uploads/odd/sparse.bin']);
  });

  test('where a link leads', async () => {
    await unseenBy([at()], async () => {
      const { mtimeNs } = await lstat(at('dangling'), { bigint: true });
      await unlink(at('dangling'));
      await symlink('../nowhere/u\u0308', at('dangling')); // decomposed
      await setTime(at('dangling'), mtimeNs);
    });
    expect(await changed()).toEqual(['uploads/odd/dangling']);
  });

  test('the time of a link', async () => {
    await setTime(at('itself'), 1n);
    expect(await changed()).toEqual(['uploads/odd/itself']);
  });

  test('a name in another form of Unicode', async () => {
    await unseenBy([at('names')], async () => {
      await rm(at('names', 'Cafe\u0301.txt'));
      await rename(at('names', 'Caf\u00e9.txt'), at('names', 'Cafe\u0301.txt'));
    });
    const names = ['uploads/odd/names/Caf\\xc3\\xa9.txt', 'uploads/odd/names/Cafe\\xcc\\x81.txt'];
    expect(await changed()).toEqual(names);
  });

  test('a name that is not Unicode', async () => {
    await unseenBy([at()], () => writeFile(Buffer.concat([Buffer.from(at('')), Buffer.from([0x2f, 0xe9])]), ''));
    expect(await changed()).toEqual(['uploads/odd/\\xe9']);
  });

  test('an empty directory and an empty file', async () => {
    await unseenBy([at()], () => Promise.all([rmdir(at('empty directory')), unlink(at('empty'))]));
    expect(await changed()).toEqual(['uploads/odd/empty', 'uploads/odd/empty directory']);
  });

  test('a pipe replaced by a file', async () => {
    await unseenBy([at(), at('fifo')], async () => {
      await unlink(at('fifo'));
      await writeFile(at('fifo'), '', { mode: 0o600 });
    });
    expect(await changed()).toEqual(['uploads/odd/fifo']);
  });

  test('a directory that is gone', async () => {
    await destroyApplication(services.environment);
    await rmdir(uploads);
    const names = await changed();
    expect(names).toContain('uploads');
    expect(names).toContain('models/odd/fifo');
    expect(names).not.toContain('models');
  });
});

describe('finds nothing where nothing changed', () => {
  test('a copy that keeps everything', async () => {
    await seedApplication(services.environment, { scale: 1, seed: 1 });
    await changed();
    await run('cp', '-a', uploads, `${uploads}.copy`);
    await rename(uploads, `${uploads}.old`);
    await rename(`${uploads}.copy`, uploads);
    expect(await changed()).toEqual([]);
  });

  test('reading', async () => {
    await run('cp', '-r', at('links'), path.join(uploads, '..', 'read'));
    expect(await changed()).toEqual([]);
  });
});

/** What differs from the data before. */
async function reseed(seed: number): Promise<string[]> {
  await destroyApplication(services.environment);
  await seedApplication(services.environment, { scale: 1, seed });
  return changed();
}

test('the same seed gives the same data, another seed other data', async () => {
  await reseed(7);
  expect(await reseed(7)).toEqual([]);
  const names = await reseed(8);
  expect(names).toEqual(expect.arrayContaining(['uploads/odd/sparse.bin', 'models/2025/batch 0/models 1.png']));
  expect(names).not.toContain('uploads');
});

test('the disaster leaves the directories and nothing in them', async () => {
  await destroyApplication(services.environment);
  expect(Object.keys(await fingerprintApplication(services.environment))).toEqual(['uploads', 'models']);
});
