import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { BackupError } from '../../src/base/errors.ts';
import { Processes } from '../../src/base/processes.ts';
import type { SealSettings } from '../../src/pipeline/compression.ts';
import { zstdInputBytes } from '../../src/pipeline/compression.ts';
import { releasedChunks, releaseToFile, releaseToProcess } from '../../src/pipeline/release.ts';
import { integrityErrors } from '../../src/pipeline/unsealing.ts';
import { LocalStore } from '../../src/stores/local.ts';
import { chunksOf, compressible, failure, filesIn, never, processes, scratch, ZSTD } from '../support/repository.ts';
import { FaultyStore } from '../support/faulty-store.ts';
import { sealInto } from '../support/sealed.ts';

const KINDS: SealSettings[] = [ZSTD, { ...ZSTD, compression: 'gzip' }, { ...ZSTD, compression: 'none' }];
const sh = (script: string) => ({ command: { file: 'sh', args: ['-c', script] } });

/** Our children that are still there; every one of them was started in a group of its own by this process. */
async function children(): Promise<number> {
  const { stdout } = await processes.run({ file: 'ps', args: ['-o', 'pid=', '--ppid', `${process.pid}`] }, never);
  return stdout.trim().split('\n').length - 1; // without ps itself
}

describe.each(KINDS)('$compression', (settings) => {
  test.each([
    ['exits 1 after its stream ended', 'head -c 100000 /dev/zero; exec >&-; exit 1', /exit code 1/],
    ['is killed midway', 'head -c 9000000 /dev/urandom; kill -9 $$', /ended by SIGKILL/],
    ['says why it fails', 'echo "out of luck" >&2; exit 3', /out of luck/],
  ])('a tool that %s makes no artifact', async (_how, script, message) => {
    await using directory = await scratch();
    const sealing = sealInto(new LocalStore(directory.path), sh(script), settings);
    await expect(sealing).rejects.toThrow(message);
    expect(await filesIn(directory.path)).toEqual([]);
    expect(await children()).toBe(0);
  });

  test('a tool that is not installed makes no artifact', async () => {
    await using directory = await scratch();
    const input = { command: { file: 'no-such-tool', args: [] } };
    const error = await failure(sealInto(new LocalStore(directory.path), input, settings));
    expect(error.kind).toBe('missing-tool');
    expect(await filesIn(directory.path)).toEqual([]);
    expect(await children()).toBe(0);
  });

  test('chunks that fail make no artifact, and their error is the one that is seen', async () => {
    await using directory = await scratch();
    const chunks = (async function* () {
      yield* chunksOf(compressible(5_000_000));
      throw new BackupError('the server went away', { kind: 'unreachable' });
    })();
    const error = await failure(sealInto(new LocalStore(directory.path), { chunks }, settings));
    expect(error.message).toBe('the server went away');
    expect(await filesIn(directory.path)).toEqual([]);
    expect(await children()).toBe(0);
  });

  test('an interrupt ends all at once, with its reason', async () => {
    await using directory = await scratch();
    const controller = new AbortController();
    const reason = new BackupError('the time limit has passed', { kind: 'timeout' });
    const store = new LocalStore(directory.path);
    const sealing = sealInto(store, sh('cat /dev/urandom'), settings, controller.signal);
    sealing.catch(() => undefined);
    while ((await store.unfinished('', never)).length < 2) await sleep(20);
    controller.abort(reason);
    expect(await failure(sealing)).toBe(reason);
    expect(await filesIn(directory.path)).toEqual([]);
    expect(await children()).toBe(0);
  });

  test('a target that fails ends the tool, and its error is the one that is seen', async () => {
    await using directory = await scratch();
    const full = new LocalStore(directory.path, () => Promise.reject(new BackupError('no room', { kind: 'no-space' })));
    expect((await failure(sealInto(full, sh('cat /dev/zero | head -c 50000000'), settings))).kind).toBe('no-space');
    expect(await filesIn(directory.path)).toEqual([]);
    expect(await children()).toBe(0);
  });

  test('a target that refuses before it reads ends the tool as well', async () => {
    await using directory = await scratch();
    const file = path.join(directory.path, 'file');
    await writeFile(file, '');
    const refused = new LocalStore(path.join(file, 'not-a-directory'));
    expect((await failure(sealInto(refused, sh('cat /dev/zero'), settings))).message).toContain('failed');
    const store = new LocalStore(directory.path);
    const halfRefused = new FaultyStore(store, 1, 'before');
    expect((await failure(sealInto(halfRefused, sh('cat /dev/zero'), settings))).kind).toBe('unreachable');
    expect(await filesIn(directory.path)).toEqual(['file']);
    expect(await children()).toBe(0);
  });

  test('a consumer that reads only the beginning and is content is a success; everything ends', async () => {
    await using directory = await scratch();
    const data = compressible(30_000_000);
    const sealed = await sealInto(new LocalStore(directory.path), { chunks: chunksOf(data) }, settings);
    const first = await releaseToProcess(sealed, { file: 'head', args: ['-c', '5'] }, processes, never);
    expect(Buffer.from(first)).toHaveLength(Buffer.from(data.subarray(0, 5).toString()).length);
    for await (const chunk of releasedChunks(sealed, processes, never)) {
      expect(data.subarray(0, chunk.length).equals(chunk)).toBe(true);
      break;
    }
    expect(await children()).toBe(0);
  });

  test('a consumer that fails is the error that is seen, even when it read nothing', async () => {
    await using directory = await scratch();
    const chunks = chunksOf(compressible(9_000_000));
    const sealed = await sealInto(new LocalStore(directory.path), { chunks }, settings);
    const consuming = releaseToProcess(sealed, sh('echo "I will not" >&2; exit 9').command, processes, never);
    await expect(consuming).rejects.toThrow(/exit code 9: I will not/);
    expect(await children()).toBe(0);
  });
});

test('a compressor that is missing is told, and the tool does not run on', async () => {
  await using directory = await scratch();
  await writeFile(path.join(directory.path, 'x'), '');
  const bare = new Processes({ PATH: directory.path });
  expect(() => bare.find('zstd')).toThrow(/not installed/);
  expect(await children()).toBe(0);
});

test('a plaintext larger than the disk is told as no room, and no file is left', async () => {
  await using directory = await scratch();
  const sealed = await sealInto(
    new LocalStore(directory.path),
    { command: { file: 'head', args: ['-c', '50000000', '/dev/zero'] } },
    ZSTD,
  );
  const limited = new Processes({ PATH: process.env['PATH'] ?? '' });
  const mount = path.join(directory.path, 'small');
  await processes.run({ file: 'mkdir', args: [mount] }, never);
  await processes.run({ file: 'mount', args: ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mount] }, never);
  try {
    const error = await failure(releaseToFile(sealed, path.join(mount, 'out'), limited, never));
    expect(error.kind).toBe('no-space');
    expect(await filesIn(mount)).toEqual([]);
  } finally {
    await processes.run({ file: 'umount', args: [mount] }, never);
  }
  expect(await integrityErrors(sealed)).toEqual([]);
});

describe('the sizes that zstd reports', () => {
  test('are read unrounded, also beyond 4 GiB', () => {
    const line = '/*stdin*\\            : 25.00%   (5000000000 B => 1250000000 B, /*stdout*\\) \n';
    expect(zstdInputBytes(`something (1 B => 2 B, x)\n${line}`, 1_250_000_000)).toBe(5_000_000_000);
    expect(zstdInputBytes('/*stdin*\\            :  (     0 B =>     13 B, /*stdout*\\) ', 13)).toBe(0);
  });

  test.each([
    ['rounded', '/*stdin*\\ : 25.00% (  4.66 GiB =>   1.16 GiB, /*stdout*\\)'],
    ['of other bytes', '/*stdin*\\ : 25.00% (  100 B =>   26 B, /*stdout*\\)'],
    ['missing', ''],
  ])('are refused when %s', (_how, stderr) => {
    expect(() => zstdInputBytes(stderr, 25)).toThrow(BackupError);
  });
});
