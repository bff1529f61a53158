import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { RecoveryJournal } from '../../src/journal/recovery-journal.ts';
import type { Agent } from '../../src/model/agent.ts';
import type { BackupId, Service } from '../../src/model/vocabulary.ts';
import { testProcesses } from '../support/file-backup.ts';
import { CHANGE, type Fingerprint, fingerprintOf, nameState } from '../support/system/live.ts';
import { leftovers } from '../support/system/nothing-left.ts';
import { openRig, type Rig } from '../support/system/rig.ts';
import { lockService } from '../../src/repository/lock.ts';
import { type AgentKind, type AgentScene, never, openAgents, watchedRun } from './scene.ts';

/** What every agent promises, wherever it works: the same words, the same errors, the same state afterwards. */
export function describeAgent(service: Service, kind: AgentKind): void {
  describe(`${service} ${kind}`, () => {
    let rig: Rig;
    let scene: AgentScene;
    let backup: BackupId;
    const states: Record<string, Fingerprint> = {};
    const state = (): Promise<string> => nameState(service, rig.site.environment, states);
    const left = (): Promise<string[]> => leftovers(rig.site, scene.daemon === undefined ? [] : [scene.daemon.pid]);

    beforeAll(async () => {
      rig = await openRig([service]);
      scene = await openAgents(kind, rig.site, service);
      states['old'] = await fingerprintOf(service, rig.site.environment);
    });
    afterAll(async () => {
      await scene[Symbol.asyncDispose]();
      await rig[Symbol.asyncDispose]();
    });

    /** A recovery of this one service: what the coordinator notes is noted, whatever the agent's part was. */
    async function recovery(work: (id: string, agent: Agent) => Promise<void>): Promise<void> {
      const id = `recovery_${randomBytes(4).toString('hex')}`;
      const tools = { clock: systemClock, processes: testProcesses };
      const journal = new RecoveryJournal(rig.site.state, id, tools);
      await journal.append({ event: 'begun', backups: { [service]: backup } });
      await work(id, scene.agent);
      await scene.agent.release(id);
      await journal.append({ event: 'ended', outcome: 'rolled-back' });
    }

    test('looks at the live service', async () => {
      const { findings, versions } = await scene.agent.inspect(watchedRun());
      expect(findings.filter((each) => each.severity === 'problem')).toEqual([]);
      expect(Object.keys(versions).length).toBeGreaterThan(0);
    });

    test('has no history before its first backup', async () => {
      expect(await scene.agent.history(watchedRun())).toEqual({ backups: [], damage: [] });
    });

    test('captures, tells its steps and its moment, and validates', async () => {
      const run = watchedRun();
      const moments: string[] = [];
      const momentFixed = (at: string): void => void moments.push(at);
      const recoveryPoint = { id: 'point_20260816_020000', services: [service] };
      const taken = await scene.agent.backup({ type: 'daily', recoveryPoint, momentFixed }, run);
      backup = taken.manifest.id;
      expect(taken.manifest).toMatchObject({ service, type: 'daily', recoveryPoint, consistency: 'consistent' });
      expect(moments.at(-1)).toBe(taken.manifest.moment);
      expect(taken.outcomes.map(({ level, passed }) => [level, passed])).toEqual([
        ['integrity', true],
        ['content', true],
      ]);
      expect(run.steps).toEqual(
        expect.arrayContaining(['preflight', 'capture', 'read back', 'commit', 'check content']),
      );
      expect(Object.keys(taken.phases)).toEqual(expect.arrayContaining(['capture', 'commit']));
      expect(await left()).toEqual([]);
    });

    test('shows it in its history, and checks it again', async () => {
      const { backups, damage } = await scene.agent.history(watchedRun());
      expect(backups.map((each) => each.manifest.id)).toEqual([backup]);
      expect(backups[0]?.proof?.outcomes.map((each) => each.passed)).toEqual([true, true]);
      expect(damage).toEqual([]);
      const { storedBytes, outcomes } = await scene.agent.validate(backup, ['integrity', 'content'], watchedRun());
      expect(outcomes.map((each) => each.passed)).toEqual([true, true]);
      expect(storedBytes).toBe(backups[0]?.storedBytes);
    });

    describe('fails in the same words', () => {
      const failure = (work: Promise<unknown>) =>
        work.then(
          () => 'no failure',
          (error: unknown) => error,
        );

      test('of kind usage: a type that is not built', async () => {
        expect(
          await failure(scene.agent.backup({ type: 'incremental', recoveryPoint: null }, watchedRun())),
        ).toMatchObject({
          name: 'BackupError',
          kind: 'usage',
          message: expect.stringMatching(/"incremental" are? not built yet/) as string,
          hint: expect.stringContaining('daily') as string,
          retrySafe: false,
        });
      });

      test('of kind not-found: a backup that there is not', async () => {
        const absent = `${service}_daily_20200101_000000` as BackupId;
        expect(await failure(scene.agent.validate(absent, ['integrity'], watchedRun()))).toMatchObject({
          kind: 'not-found',
        });
      });

      test('of kind busy: a service that another run holds', async () => {
        const tools = { processes: testProcesses, clock: systemClock };
        await using _lock = await lockService(service, rig.site.backups, tools, never);
        expect(await failure(scene.agent.backup({ type: 'daily', recoveryPoint: null }, watchedRun()))).toMatchObject({
          kind: 'busy',
          message: expect.stringMatching(/^\w+: another run holds the lock \(process \d+/) as string,
          retrySafe: true,
        });
      });

      test('as its caller does, when that cancels: the very same reason, and nothing is left', async () => {
        const run = watchedRun('capture');
        expect(await failure(scene.agent.backup({ type: 'hourly', recoveryPoint: null }, run))).toBe(run.reason);
        expect((await scene.agent.history(watchedRun())).backups).toHaveLength(1);
        expect(await left()).toEqual([]);
      });
    });

    test('stages beside the live data, swaps, and puts back', async () => {
      await CHANGE[service](rig.site.environment);
      states['new'] = await fingerprintOf(service, rig.site.environment);
      await recovery(async (id, agent) => {
        expect(await agent.stage(id, backup, watchedRun())).toMatchObject({ backup, differences: [] });
        expect(await state()).toBe('new');
        await agent.swap(id, watchedRun());
        expect(await state()).toBe('old');
        await agent.rollback(id, watchedRun());
      });
      expect(await state()).toBe('new');
      expect(await left()).toEqual([]);
    });

    test('holds the service from stage to release', async () => {
      await recovery(async (id, agent) => {
        await agent.stage(id, backup, watchedRun());
        const request = { type: 'daily', recoveryPoint: null } as const;
        await expect(scene.other.backup(request, watchedRun())).rejects.toMatchObject({ kind: 'busy' });
        await agent.rollback(id, watchedRun());
        await agent.release(id);
        await expect(scene.other.backup(request, watchedRun())).resolves.toMatchObject({ manifest: { service } });
      });
      expect(await left()).toEqual([]);
    });

    test('what was let go after its swap is taken up again from the journal', async () => {
      await recovery(async (id, agent) => {
        await agent.stage(id, backup, watchedRun());
        await agent.swap(id, watchedRun());
        await agent.release(id);
        expect(await state()).toBe('old');
        await scene.other.rollback(id, watchedRun());
        await scene.other.release(id);
      });
      expect(await state()).toBe('new');
      expect(await left()).toEqual([]);
    });

    test('a stage that is cancelled leaves nothing to put back', async () => {
      await recovery(async (id, agent) => {
        const run = watchedRun('stage');
        await expect(agent.stage(id, backup, run)).rejects.toBe(run.reason);
        await agent.rollback(id, watchedRun());
      });
      expect(await state()).toBe('new');
      expect(await left()).toEqual([]);
    });

    test('stages, swaps, and destroys what was replaced', async () => {
      await recovery(async (id, agent) => {
        await agent.stage(id, backup, watchedRun());
        await agent.swap(id, watchedRun());
        await agent.finish(id, watchedRun());
      });
      expect(await state()).toBe('old');
      expect(await left()).toEqual([]);
    });
  });
}
