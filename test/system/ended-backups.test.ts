import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CRASH_POINTS, type CrashPoint } from '../../src/base/crash-points.ts';
import { pointsOf, REACHED_BY } from '../support/crash-table.ts';
import { type Fingerprint, fingerprintOf, nameState } from '../support/system/live.ts';
import { leftovers } from '../support/system/nothing-left.ts';
import { type OwnServices, startServices } from '../support/system/own-services.ts';
import type { ProgramRun } from '../support/system/program.ts';
import { openSite, type Site } from '../support/system/site.ts';

let services: OwnServices;
let site: Site;
let live: Fingerprint;

beforeAll(async () => {
  services = await startServices(['application']);
  site = await openSite(['application'], services.environment);
  live = await fingerprintOf('application', services.environment);
});

afterAll(async () => {
  await site[Symbol.asyncDispose]();
  await services[Symbol.asyncDispose]();
});

const BACKUP = ['backup', 'application', 'daily'] as const;

/** From here on there is a backup, whatever ends the run. */
const COMMITTED: readonly CrashPoint[] = ['manifest.linked', 'catalogue.written', 'proof.written'];

/** An interrupt is heard a moment after the point: the manifest may have got its name by then. */
const MAY_COMMIT: readonly CrashPoint[] = ['manifest.written', ...COMMITTED];

function endAt(how: 'CRASH' | 'INTERRUPT', point: CrashPoint): Promise<ProgramRun> {
  return site.run(BACKUP, { environment: { [`PHYSICS_BACKUP_${how}_AT`]: point } });
}

async function stored(): Promise<number> {
  const { backups } = await site.good(['list']);
  return (backups as unknown[]).length;
}

async function expectAllGood(): Promise<void> {
  await site.good(['validate', '--all']);
  expect(await leftovers(site)).toEqual([]);
  expect(await nameState('application', services.environment, { untouched: live })).toBe('untouched');
}

test('the table of crash points names every one, and none besides', () => {
  expect(Object.keys(REACHED_BY).toSorted()).toEqual(CRASH_POINTS.toSorted());
});

describe('a backup that is killed leaves a whole one or none, and the next run needs no help', () => {
  test.each(pointsOf('application', 'backup'))('at %s', async (point) => {
    const before = await stored();
    expect((await endAt('CRASH', point)).killedBy).toBe('SIGKILL');
    expect(await stored()).toBe(before + (COMMITTED.includes(point) ? 1 : 0));
    await site.good(BACKUP);
    expect(await stored()).toBe(before + (COMMITTED.includes(point) ? 2 : 1));
    await expectAllGood();
  });

  test.each(pointsOf('application', 'backup after a kill'))(
    'at %s, while it clears what another left',
    async (point) => {
      await endAt('CRASH', 'artifacts.done');
      expect((await endAt('CRASH', point)).killedBy).toBe('SIGKILL');
      await site.good(BACKUP);
      await expectAllGood();
    },
  );
});

describe('a backup that is interrupted cleans up after itself', () => {
  test.each(pointsOf('application', 'backup'))('at %s', async (point) => {
    const before = await stored();
    const run = await endAt('INTERRUPT', point);
    expect(run).toMatchObject({ code: 130, stderr: expect.stringContaining('error: interrupted by SIGINT') });
    expect(await leftovers(site)).toEqual([]);
    const more = (await stored()) - before;
    expect(MAY_COMMIT.includes(point) ? [0, 1] : [0]).toContain(more);
    await expectAllGood();
  });
});
