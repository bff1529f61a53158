import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CrashPoint } from '../../src/base/crash-points.ts';
import { pointsOf } from '../support/crash-table.ts';
import { never, quiet } from '../support/repository.ts';
import { type AgedBackups, agedBackups } from '../support/system/aged-backups.ts';
import type { ProgramRun } from '../support/system/program.ts';
import { openSite, type Site } from '../support/system/site.ts';

const DAYS = 7;
/** Daily ones of twelve days: those beyond the seventh go. */
const GO = 4;

let site: Site;
let aged: AgedBackups;
let ids: string[];
beforeEach(async () => {
  site = await openSite(['redis'], {});
  aged = await agedBackups(site);
  ids = [];
  for (let day = DAYS + GO; day > 0; day -= 1)
    ids.push(await aged.take('redis', 'daily', new Date(Date.now() - (day - 0.5) * 86_400_000).toISOString()));
});
afterEach(() => site[Symbol.asyncDispose]());

const CLEANUP = ['cleanup', 'redis'] as const;

function killedAt(point: CrashPoint, count: number): Promise<ProgramRun> {
  return site.run(CLEANUP, { environment: { PHYSICS_BACKUP_CRASH_AT: `${point}#${count}` } });
}

/** Each that is listed is whole, nothing is missing without a word, and nobody is warned of anything. */
async function expectConsistent(): Promise<string[]> {
  const { backups } = await site.good(['list']); // 3 where something is missing or put back
  const { backups: stored, damaged, gaps } = await aged.repository.history('redis', never);
  expect({ damaged, gaps }).toEqual({ damaged: [], gaps: [] });
  for (const each of stored) expect(await aged.repository.checkIntegrity(each, quiet)).toEqual([]);
  return (backups as { id: string }[]).map(({ id }) => id).toSorted();
}

/** An artifact and its tags are deleted for each backup, and its proof. */
const TIMES = pointsOf('redis', 'cleanup').flatMap((point) =>
  (point === 'removal.artifact-deleted' ? [1, 2, 3, 7] : point === 'removal.committed' ? [1, GO] : [1]).map(
    (count) => [point, count] as const,
  ),
);

describe('a cleanup that is killed leaves whole backups and a record that is right, and the next one ends it', () => {
  test.each(TIMES)('at %s, time %i', async (point, count) => {
    expect((await killedAt(point, count)).killedBy).toBe('SIGKILL');
    const listed = await expectConsistent();
    expect(ids.slice(GO).filter((id) => !listed.includes(id))).toEqual([]);
    await site.good(CLEANUP);
    expect(await expectConsistent()).toEqual(ids.slice(GO));
    await aged.take('redis', 'daily', new Date().toISOString()); // clears what the killed run left
    const files = await readdir(site.backups, { recursive: true });
    expect(files.filter((file) => ids.slice(0, GO).some((id) => file.includes(id)))).toEqual([]);
    expect(await aged.repository.leftovers('redis', never)).toEqual({ unfinished: [], uncommitted: [], orphans: [] });
  });
});
