import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ownPointsOf, pointsOf } from '../crash-table.ts';
import { leftovers } from './nothing-left.ts';
import type { CheapService } from './own-services.ts';
import { openRestoreRig, type RestoreRig } from './restore-rig.ts';

export interface Extent {
  /** Interrupt at the points that all services share too; once is enough. */
  readonly sharedInterrupts: boolean;
}

/** Ends the restores of one service at every crash point: by kill -9, and by an interrupt. */
export function describeEndedRestores(service: CheapService, { sharedInterrupts }: Extent): void {
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

  describe('a restore that is killed is put back by the next run', () => {
    test.each(pointsOf(service, 'restore').map((point, at) => [point, nextRuns[at % 2] ?? []] as const))(
      'at %s, next: %s',
      async (point, next) => {
        expect((await rig.endAt('CRASH', point, ['restore', rig.backup])).killedBy).toBe('SIGKILL');
        await rig.site.good(next);
        expect(await rig.state()).toBe('new');
        expect(await leftovers(rig.site)).toEqual([]);
      },
    );
  });

  describe('a restore that is interrupted puts back itself', () => {
    test.each((sharedInterrupts ? pointsOf : ownPointsOf)(service, 'restore'))('at %s', async (point) => {
      const run = await rig.endAt('INTERRUPT', point, ['restore', rig.backup]);
      expect(run).toMatchObject({ code: 130, stderr: expect.stringContaining('error: interrupted by SIGINT') });
      expect(await leftovers(rig.site)).toEqual([]);
      expect(await rig.state()).toBe('new');
    });
  });

  const ofRollback = pointsOf(service, 'rollback');
  describe.runIf(ofRollback.length > 0)('a rollback that is killed is ended by the next run', () => {
    test.each(ofRollback)('at %s', async (point) => {
      await restore();
      expect((await rig.endAt('CRASH', point, ['recover', 'rollback'])).killedBy).toBe('SIGKILL');
      await rig.site.good(['backup', service, 'manual']);
      expect(await rig.state()).toBe('new');
      expect(await leftovers(rig.site)).toEqual([]);
    });
  });

  describe('a finish that is killed is ended by the next run', () => {
    test.each(pointsOf(service, 'finish'))('at %s', async (point) => {
      await restore();
      expect((await rig.endAt('CRASH', point, ['recover', 'finish'])).killedBy).toBe('SIGKILL');
      await rig.site.good(['backup', service, 'manual']);
      expect(await rig.state()).toBe('old');
      expect(await leftovers(rig.site)).toEqual([]);
    });
  });
}
