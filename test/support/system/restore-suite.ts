import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CrashPoint } from '../../../src/base/crash-points.ts';
import type { Service } from '../../../src/model/vocabulary.ts';
import { pointsOf } from '../crash-table.ts';
import { leftovers } from './nothing-left.ts';
import { openRestoreRig, type RestoreRig } from './restore-rig.ts';

/** Where restores are ended; one entry is one test. */
export interface Ends {
  readonly kills: readonly CrashPoint[];
  readonly interrupts: readonly CrashPoint[];
  readonly rollbackKills: readonly CrashPoint[];
  readonly finishKills: readonly CrashPoint[];
}

/** Every kill; interrupts only at these points: at those that all services share, once is enough. */
export function everyEnd(service: Service, interrupts: readonly CrashPoint[]): Ends {
  return {
    kills: pointsOf(service, 'restore'),
    interrupts,
    rollbackKills: pointsOf(service, 'rollback'),
    finishKills: pointsOf(service, 'finish'),
  };
}

/** Ends the restores of one service, by kill -9 and by an interrupt. */
export function describeEndedRestores(service: Service, ends: Ends): void {
  let rig: RestoreRig;
  beforeAll(async () => {
    rig = await openRestoreRig(service);
  });
  afterAll(() => rig[Symbol.asyncDispose]());
  beforeEach(() => rig.renew());

  const restore = (): Promise<unknown> => rig.site.good(['restore', rig.backup]);

  /** The next run, whichever it is, ends what was interrupted. */
  const nextRuns = [
    ['recover', 'resume'],
    ['backup', service, 'manual'],
  ] as const;

  test('a restore makes the live data old, its rollback makes them new again', async () => {
    await restore();
    expect(await rig.state()).toBe('old');
    await rig.site.good(['recover', 'rollback']);
    expect(await rig.state()).toBe('new');
    expect(await leftovers(rig.site)).toEqual([]);
  });

  describe.runIf(ends.kills.length > 0)('a restore that is killed is put back by the next run', () => {
    test.each(ends.kills.map((point, at) => [point, nextRuns[at % 2] ?? []] as const))(
      'at %s, next: %s',
      async (point, next) => {
        expect((await rig.endAt('CRASH', point, ['restore', rig.backup])).killedBy).toBe('SIGKILL');
        await rig.site.good(next);
        expect(await rig.state()).toBe('new');
        expect(await leftovers(rig.site)).toEqual([]);
      },
    );
  });

  describe.runIf(ends.interrupts.length > 0)('a restore that is interrupted puts back itself', () => {
    test.each(ends.interrupts)('at %s', async (point) => {
      const run = await rig.endAt('INTERRUPT', point, ['restore', rig.backup]);
      expect(run).toMatchObject({ code: 130, stderr: expect.stringContaining('error: interrupted by SIGINT') });
      expect(await leftovers(rig.site)).toEqual([]);
      expect(await rig.state()).toBe('new');
    });
  });

  describe.runIf(ends.rollbackKills.length > 0)('a rollback that is killed is ended by the next run', () => {
    test.each(ends.rollbackKills)('at %s', async (point) => {
      await restore();
      expect((await rig.endAt('CRASH', point, ['recover', 'rollback'])).killedBy).toBe('SIGKILL');
      await rig.site.good(['backup', service, 'manual']);
      expect(await rig.state()).toBe('new');
      expect(await leftovers(rig.site)).toEqual([]);
    });
  });

  describe.runIf(ends.finishKills.length > 0)('a finish that is killed is ended by the next run', () => {
    test.each(ends.finishKills)('at %s', async (point) => {
      await restore();
      expect((await rig.endAt('CRASH', point, ['recover', 'finish'])).killedBy).toBe('SIGKILL');
      await rig.site.good(['backup', service, 'manual']);
      expect(await rig.state()).toBe('old');
      expect(await leftovers(rig.site)).toEqual([]);
    });
  });
}
