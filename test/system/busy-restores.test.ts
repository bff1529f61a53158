import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { Processes } from '../../src/base/processes.ts';
import { lockService } from '../../src/repository/lock.ts';
import { damaged, filesOf, flip } from '../support/system/damage.ts';
import { leftovers } from '../support/system/nothing-left.ts';
import { complaintOf } from '../support/system/program.ts';
import { openSite, type Site } from '../support/system/site.ts';
import { takeBackup } from '../support/system/rig.ts';

const never = new AbortController().signal;
const processes = new Processes({ PATH: process.env['PATH'] ?? '' });

let uploads: string;
let site: Site;
let backup: string;

beforeAll(async () => {
  uploads = path.join(await mkdtemp(path.join(os.tmpdir(), 'pbs-live-')), 'uploads');
  await mkdir(uploads);
  await writeFile(path.join(uploads, 'a'), 'old');
  site = await openSite(['application'], { APPLICATION_PATHS: `uploads=${uploads}` });
  backup = await takeBackup(site, 'application');
  await writeFile(path.join(uploads, 'a'), 'new');
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
  await rm(path.dirname(uploads), { recursive: true });
});

test('a restore of a service that another run holds is refused with 6, and leaves nothing to put back', async () => {
  {
    await using _lock = await lockService('application', site.backups, { processes, clock: systemClock }, never);
    const run = await site.run(['--quiet', 'restore', backup]);
    expect(run.code).toBe(6);
    expect(complaintOf(run).errors).toEqual([expect.stringMatching(/^application: another run holds the lock/)]);
    expect(run.stderr).not.toContain('could not be put back');
    const { recoveries } = await site.good(['recover', 'status']);
    expect(recoveries).toEqual([expect.objectContaining({ outcome: 'rolled-back' })]);
  }
  expect(await readFile(path.join(uploads, 'a'), 'utf8')).toBe('new');
  expect(await leftovers(site)).toEqual([]);
});

test('a restore of a backup that failed a check is refused with 3, and names the failure', async () => {
  const damagedOne = await takeBackup(site, 'application', 'weekly');
  const tar = (await filesOf(site, damagedOne)).find((each) => each.endsWith('.tar.zst.enc')) ?? '';
  await using _damage = await damaged(tar, flip(20));
  expect((await site.run(['--quiet', 'validate', damagedOne])).code).toBe(3);
  const run = await site.run(['--quiet', 'restore', damagedOne]);
  expect(run.code).toBe(3);
  expect(complaintOf(run).errors).toEqual([expect.stringContaining(`${damagedOne} failed its check (integrity)`)]);
  expect(await readFile(path.join(uploads, 'a'), 'utf8')).toBe('new');
  expect(await leftovers(site)).toEqual([]);
});
