import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { CRASH_POINTS, type CrashPoint } from '../../src/base/crash-points.ts';
import { backupFiles, backUp, compressible, never, quiet, repositoryIn, scratch } from '../support/repository.ts';

const SCRIPT = path.join(import.meta.dirname, 'crash-script.ts');
const OURS = ['draft', 'artifact', 'artifacts', 'manifest', 'catalogue', 'proof', 'orphan', 'removal'];
const POINTS: CrashPoint[] = CRASH_POINTS.filter((point) => OURS.includes(point.split('.')[0] ?? ''));

function run(directory: string, point: string, count: number): { killed: boolean; ended: boolean } {
  const { signal, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, directory, point, `${count}`]);
  expect(stderr.toString()).toBe('');
  return { killed: signal === 'SIGKILL', ended: stdout.toString() === 'ended' };
}

/** Two whole backups, and what a killed run left: a finished file of an uncommitted one. */
async function prepared(directory: string): Promise<void> {
  const repository = await repositoryIn(directory);
  await backUp(repository, compressible(1000));
  await backUp(repository, compressible(1000));
  const orphan = path.join(directory, 'postgres/daily/postgres_daily_20260101_000000.dump.zst.enc');
  await mkdir(path.dirname(orphan), { recursive: true });
  await writeFile(orphan, 'left');
}

/** Every backup that is there is whole, and none is missing without an explanation. */
async function wholeBackups(directory: string): Promise<number> {
  const repository = await repositoryIn(directory);
  const { backups, damaged, gaps } = await repository.history('postgres', never);
  expect(damaged).toEqual([]);
  expect(gaps).toEqual([]);
  for (const each of backups) expect(await repository.checkIntegrity(each, quiet)).toEqual([]);
  return backups.length;
}

/** A backup has two artifacts, and so its points are reached twice. */
const TIMES = POINTS.flatMap((point) =>
  (point.includes('artifact.') ? [1, 2] : [1]).map((count) => [point, count] as const),
);

test.each(TIMES)(
  'killed at %s, time %i: a whole backup or none, and the next run works without help',
  async (point, count) => {
    await using directory = await scratch();
    await prepared(directory.path);
    const { killed, ended } = run(directory.path, point, count);
    expect([killed, ended]).toEqual([true, false]);
    const before = await wholeBackups(directory.path);
    expect(before).toBeGreaterThanOrEqual(2);
    expect(before).toBeLessThanOrEqual(3);
    expect(run(directory.path, 'none', 1).ended).toBe(true);
    expect(await wholeBackups(directory.path)).toBe(before); // one more, and the oldest removed
    const repository = await repositoryIn(directory.path);
    const { unfinished, uncommitted, orphans } = await repository.leftovers('postgres', never);
    expect([unfinished, uncommitted]).toEqual([[], []]);
    expect(orphans.length).toBeGreaterThanOrEqual(1);
    const files = await backupFiles(directory.path);
    const manifests = files.filter((file) => file.endsWith('.metadata.json'));
    expect(manifests).toHaveLength(before);
  },
);
