import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { RunRecord } from '../../src/model/runs.ts';
import { lockService } from '../../src/repository/lock.ts';
import { RunHistory } from '../../src/records/run-history.ts';
import { never } from '../agents/scene.ts';
import { testProcesses } from '../support/file-backup.ts';
import { damaged, filesOf, flip } from '../support/system/damage.ts';
import { complaintOf, type ProgramRun } from '../support/system/program.ts';
import { openRig, type Rig, takeBackup } from '../support/system/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig(['application']);
});
afterAll(() => rig[Symbol.asyncDispose]());

async function runs(): Promise<readonly RunRecord[]> {
  const { runs: found, torn } = await new RunHistory(rig.site.state).read('application');
  expect(torn).toBe(false);
  return found;
}

test('every command that does something to a service notes how it ended for that service', async () => {
  const { site } = rig;
  const id = await takeBackup(site, 'application');
  await site.good(['validate', id]);
  await site.good(['validate']);
  await site.good(['restore', id]);
  await site.good(['recover', 'finish']);
  await site.good(['recover', 'latest']);
  const common = { service: 'application', type: 'daily', id, trigger: 'command' };
  expect(await runs()).toMatchObject([
    { kind: 'backup', code: 0, ...common },
    { kind: 'validate', code: 0, ...common },
    { kind: 'validate', code: 0, ...common },
    { kind: 'restore', code: 0, ...common },
    { kind: 'recover', code: 0, ...common },
  ]);
  for (const { seconds, began, message } of await runs()) {
    expect(seconds).toBeGreaterThan(0);
    expect(Math.abs(Date.now() - Date.parse(began))).toBeLessThan(3_600_000);
    expect(message).toBeUndefined();
  }
});

test('one that failed is noted with its exit code and its error in one line', async () => {
  const { site } = rig;
  const before = (await runs()).length;
  const variables = { APPLICATION_PATHS: 'uploads=/not/there' };
  const failed = await site.run(['backup', 'application', 'weekly'], { environment: variables });
  {
    await using _lock = await lockService(
      'application',
      site.backups,
      { processes: testProcesses, clock: systemClock },
      never,
    );
    expect((await site.run(['backup', 'application', 'weekly'])).code).toBe(6);
  }
  expect((await site.run(['restore', 'application_daily_20200101_000000'])).code).toBe(5);
  expect((await runs()).slice(before)).toMatchObject([
    { kind: 'backup', type: 'weekly', code: failed.code, message: expect.stringContaining('/not/there') as string },
    { kind: 'backup', type: 'weekly', code: 6, message: expect.stringContaining('another run holds') as string },
    { kind: 'restore', code: 5, id: 'application_daily_20200101_000000' },
  ]);
});

test('a check that found damage is noted as such', async () => {
  const id = await takeBackup(rig.site, 'application', 'weekly');
  const tar = (await filesOf(rig.site, id)).find((each) => each.endsWith('.tar.zst.enc')) ?? '';
  {
    await using _damage = await damaged(tar, flip(20));
    expect((await rig.site.run(['validate', id])).code).toBe(3);
  }
  expect((await runs()).at(-1)).toMatchObject({ kind: 'validate', type: 'weekly', id, code: 3 });
});

describe('what cannot be noted', () => {
  async function unnoted(args: readonly string[]): Promise<ProgramRun> {
    const file = path.join(rig.site.state, 'runs');
    await rm(file, { recursive: true });
    await writeFile(file, '');
    const run = await rig.site.run(['--quiet', ...args]);
    await rm(file);
    return run;
  }

  test('is told of, and does not make a good backup a failed one', async () => {
    const run = await unnoted(['backup', 'application', 'manual']);
    expect(run.code).toBe(0);
    expect(run.stderr).toMatch(/^warning: how this run ended could not be noted \(service application, [^\n]+\n$/);
  });

  test('adds no second complaint to that of a run that failed', async () => {
    await takeBackup(rig.site, 'application');
    const run = await unnoted(['restore', 'application_daily_20200101_000000']);
    expect(run.code).toBe(5);
    expect(complaintOf(run)).toMatchObject({ errors: [expect.any(String)], others: [] });
  });
});
