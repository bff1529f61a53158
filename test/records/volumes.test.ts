import { execFile } from 'node:child_process';
import { link, mkdir, statfs, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { volumeSamples } from '../../src/daemons/monitor/observers.ts';
import { VolumeHistory } from '../../src/records/volume-history.ts';
import { fileSystemFigures, ownBytes, volumesBelow } from '../../src/records/volumes.ts';
import { never, scratch } from '../support/repository.ts';
import { healthySituation } from '../support/situations.ts';

test('figures of a file system are those that df shows', async () => {
  await using directory = await scratch();
  const figures = await fileSystemFigures({ volume: 'data', directory: directory.path });
  const { stdout } = await promisify(execFile)('df', ['-B1', '--output=pcent', directory.path]);
  const percent = Number(/(\d+)%/.exec(stdout)?.[1]);
  expect(Math.abs((1 - (figures.free ?? 0) / (figures.size ?? 1)) * 100 - percent)).toBeLessThan(1.01);
  expect((await statfs(directory.path)).blocks).toBeGreaterThan(0);
});

test('of a volume that is not there nothing is known', async () => {
  expect(await fileSystemFigures({ volume: 'gone', directory: '/nowhere/at/all', service: 'redis' })).toEqual({
    volume: 'gone',
    service: 'redis',
    why: 'it is not mounted here',
  });
  expect(await volumesBelow('/nowhere/at/all')).toEqual([]);
});

test('volumes are the directories below that of the volumes; their files are counted once, and links not followed', async () => {
  await using directory = await scratch();
  const data = path.join(directory.path, 'postgres-data');
  await mkdir(path.join(data, 'deep'), { recursive: true });
  await writeFile(path.join(directory.path, 'a-file'), '');
  expect(await volumesBelow(directory.path)).toEqual([{ volume: 'postgres-data', directory: data }]);

  const before = await ownBytes({ volume: 'x', directory: data }, never);
  await writeFile(path.join(data, 'deep', 'rows'), Buffer.alloc(1_000_000, 1));
  await link(path.join(data, 'deep', 'rows'), path.join(data, 'same-rows'));
  await symlink('/', path.join(data, 'everything'));
  const { bytes = 0 } = await ownBytes({ volume: 'x', directory: data }, never);
  expect(bytes - (before.bytes ?? 0)).toBeGreaterThanOrEqual(1_000_000);
  expect(bytes - (before.bytes ?? 0)).toBeLessThan(1_100_000);
});

test('a volume that may not be read, or has too many files, says so instead of a wrong figure', async () => {
  await using directory = await scratch();
  for (const name of ['a', 'b', 'c']) await writeFile(path.join(directory.path, name), name);
  expect(await ownBytes({ volume: 'x', directory: directory.path }, never, 2)).toEqual({
    why: expect.stringContaining('very many files'),
  });
  expect(await ownBytes({ volume: 'x', directory: path.join(directory.path, 'a') }, never)).toEqual({
    why: expect.stringContaining('not all of it may be read'),
  });
});

test('samples are kept an hour apart and for two weeks; a damaged line is left out', async () => {
  await using directory = await scratch();
  const history = new VolumeHistory(directory.path);
  const at = (hours: number): string => new Date(Date.parse('2026-08-16T00:00:00Z') + hours * 3_600_000).toISOString();
  expect(await history.read()).toEqual([]);
  for (const hours of [0, 0.5, 1, 1.2, 2]) await history.note([{ volume: 'a', at: at(hours), free: hours }], at(hours));
  expect((await history.read()).map(({ free }) => free)).toEqual([0, 1, 2]);
  await history.note([{ volume: 'b', at: at(2.1), free: 9 }], at(2.1));
  const file = path.join(directory.path, 'volumes.jsonl');
  await writeFile(file, '{"volume":"a","at":"never","free":1}\n{"volu', { flag: 'a' });
  expect(await history.read()).toHaveLength(4);
  await history.note([{ volume: 'a', at: at(15 * 24), free: 5 }], at(15 * 24));
  expect((await history.read()).map(({ free }) => free)).toEqual([5]);
});

test('the monitor notes what is free on volumes that it sees, and nothing of a look in doubt', async () => {
  await using directory = await scratch();
  const observe = volumeSamples(directory.path);
  const situation = healthySituation();
  const [first] = situation.volumes;
  if (first === undefined) throw new Error('a healthy platform has volumes');
  await observe({ ...situation, volumes: [{ ...first, health: 'unknown' }] }, never);
  expect(await new VolumeHistory(directory.path).read()).toEqual([]);
  await observe({ ...situation, volumes: [first] }, never);
  expect(await new VolumeHistory(directory.path).read()).toEqual([
    { volume: first.volume, at: situation.at, free: first.freeBytes },
  ]);
});
