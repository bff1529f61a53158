import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { lockFile } from '../../src/base/file-lock.ts';
import { RecoveryJournal } from '../../src/journal/recovery-journal.ts';
import { type BackupType, SERVICES } from '../../src/model/vocabulary.ts';
import { RunHistory } from '../../src/records/run-history.ts';
import { testProcesses } from '../support/file-backup.ts';
import { never } from '../support/repository.ts';
import { type AgedBackups, agedBackups } from '../support/system/aged-backups.ts';
import { damaged, flip } from '../support/system/damage.ts';
import type { Document } from '../support/system/program.ts';
import { openSite, type Site } from '../support/system/site.ts';

let site: Site;
let aged: AgedBackups;
beforeAll(async () => {
  site = await openSite(SERVICES, {});
  aged = await agedBackups(site);
});
afterAll(() => site[Symbol.asyncDispose]());

const daysAgo = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();

async function listed(): Promise<string[]> {
  const { backups } = await site.good(['list']);
  return (backups as { id: string }[]).map((each) => each.id).toSorted();
}

function planOf(document: Document): string[] {
  return (document['plan'] as { id: string; keep: boolean }[]).filter((each) => !each.keep).map((each) => each.id);
}

/** Twelve days of one service; returns the ids, oldest first. */
async function history(service: 'redis' | 'postgres', type: BackupType = 'daily'): Promise<string[]> {
  const ids = [];
  for (let day = 11; day >= 0; day -= 1) ids.push(await aged.take(service, type, daysAgo(day + 0.01)));
  return ids;
}

test('what a dry run shows is what goes, and the removals are on record', async () => {
  const ids = await history('redis');
  await history('postgres');
  const before = await listed();

  const dry = await site.run(['cleanup', 'redis', 'daily', '--dry-run']);
  expect(dry).toMatchObject({ code: 0, stderr: '' });
  expect(dry.stdout).toContain(`${ids[4]}  remove  older than 7 days\n`);
  expect(dry.stdout).toContain(`${ids[5]}  keep    within 7 days\n`);
  expect(dry.stdout).toContain(`${ids[11]}  keep    the last good backup of its service\n`);
  expect(dry.stdout).toMatch(/\n5 backups would be removed \(\d+ B\), 7 kept\n$/);
  expect(await listed()).toEqual(before);

  const real = await site.run(['cleanup', 'redis', 'daily']);
  expect(real).toMatchObject({ code: 0 });
  expect(real.stdout).toBe(dry.stdout.replace('would be removed', 'removed'));
  const gone = ids.slice(0, 5);
  expect(await listed()).toEqual(before.filter((each) => !gone.includes(each)));
  const files = await readdir(site.backups, { recursive: true });
  expect(files.filter((file) => gone.some((id) => file.includes(id)))).toEqual([]);
  expect(await aged.repository.leftovers('redis', never)).toEqual({ unfinished: [], uncommitted: [], orphans: [] });
  const { gaps, damaged: bad } = await aged.repository.history('redis', never);
  expect({ gaps, bad }).toEqual({ gaps: [], bad: [] });
  expect((await new RunHistory(site.state).read('redis')).runs).toMatchObject([
    { kind: 'cleanup', service: 'redis', type: 'daily', code: 0, trigger: 'command' },
  ]);
  expect(planOf(await site.good(['cleanup', 'redis']))).toEqual([]);
});

test('the settings make the rules; a flag may keep more', async () => {
  const ids = await history('postgres', 'manual');
  const environment = { POSTGRES_MANUAL_RETENTION: '3', BACKUP_KEEP_AT_LEAST: '5' };
  const plan = async (...words: string[]) =>
    planOf(await site.good(['cleanup', 'postgres', 'manual', '--dry-run', ...words], { environment }));
  expect(await plan()).toEqual(ids.slice(0, 7));
  expect(await plan('--keep-at-least', '9')).toEqual(ids.slice(0, 3));
  expect(await plan('--older-than', '8')).toEqual(ids.slice(0, 4));
  expect(await plan('--older-than', '1')).toEqual(ids.slice(0, 7));
  for (const words of [['--older-than', '0'], ['--keep-at-least', 'x'], ['--older']]) {
    expect((await site.run(['cleanup', 'postgres', ...words])).code).toBe(2);
  }
  expect((await site.run(['cleanup', 'postgress'])).stderr).toContain('did you mean "postgres"?');
});

test('CLEANUP_ENABLED=false shows the plan, removes nothing and says so', async () => {
  const before = await listed();
  const run = await site.run(['cleanup', 'all', 'all'], { environment: { CLEANUP_ENABLED: 'false' } });
  expect(run.code).toBe(4);
  expect(run.stderr).toBe('warning: CLEANUP_ENABLED is false: nothing was removed\n');
  expect(run.stdout).toContain('would be removed');
  expect(await listed()).toEqual(before);
});

describe('nothing is removed', () => {
  const tools = { clock: systemClock, processes: testProcesses };

  test('while a recovery is in progress, or was interrupted', async () => {
    const before = await listed();
    const journal = new RecoveryJournal(site.state, 'recovery_1', tools);
    await journal.append({ event: 'begun', backups: {} });
    {
      const file = path.join(site.state, 'recovery', '.lock');
      await using _lock = await lockFile(file, 'exclusive', testProcesses, never);
      const run = await site.run(['cleanup', 'all']);
      expect(run).toMatchObject({ code: 6, stderr: expect.stringContaining('a recovery is in progress') as string });
    }
    const interrupted = await site.run(['cleanup', 'all']);
    expect(interrupted).toMatchObject({ code: 6, stderr: expect.stringContaining('recover resume') as string });
    await journal.append({ event: 'ended', outcome: 'rolled-back' });
    expect(await listed()).toEqual(before);
  });

  test('of what a recovery that may still be undone has replaced', async () => {
    const safety = await aged.take('redis', 'manual', daysAgo(100), { purpose: 'safety' });
    const journal = new RecoveryJournal(site.state, 'recovery_2', tools);
    await journal.append({ event: 'begun', backups: { redis: 'redis_daily_20260101_000000' } });
    await journal.append({ event: 'safety', service: 'redis', backup: safety });
    await journal.append({ event: 'committed' });
    await journal.append({ event: 'ended', outcome: 'recovered' });
    await site.good(['cleanup', 'redis']);
    expect(await listed()).toContain(safety);
    await journal.append({ event: 'finishing' });
    await journal.append({ event: 'ended', outcome: 'finished' });
    expect(planOf(await site.good(['cleanup', 'redis']))).toEqual([safety]);
    expect(await listed()).not.toContain(safety);
  });

  test('of a service whose list of removals is damaged', async () => {
    const old = await aged.take('redis', 'weekly', daysAgo(60));
    await aged.take('redis', 'weekly', daysAgo(2));
    await aged.take('redis', 'weekly', daysAgo(1));
    {
      await using _damage = await damaged(path.join(site.backups, 'redis', 'removals.json'), flip(20));
      expect((await site.run(['cleanup', 'redis'])).code).toBe(3);
      expect(await listed().catch(() => 'damaged')).toBe('damaged');
    }
    expect(await listed()).toContain(old);
    expect(planOf(await site.good(['cleanup', 'redis']))).toEqual([old]);
  });
});

test('what killed runs left is deleted after seven days, and said', async () => {
  const orphans = path.join(site.backups, 'redis', '.orphans');
  await mkdir(orphans, { recursive: true });
  for (const [name, days] of [
    ['old', 8],
    ['young', 6],
  ] as const) {
    const file = path.join(orphans, name);
    await writeFile(file, '');
    const then = new Date(Date.now() - days * 86_400_000);
    await utimes(file, then, then);
  }
  const run = await site.run(['cleanup', 'redis']);
  expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('deleted redis/.orphans/old') as string });
  expect(await readdir(orphans)).toEqual(['young']);
});
