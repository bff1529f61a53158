import { describe, expect, test, vi } from 'vitest';
import { BackupError } from '../../../src/base/errors.ts';
import type { Situation } from '../../../src/model/situation.ts';
import { healthySituation } from '../../support/situations.ts';
import { looksAt } from './rig.ts';

const HEALTHY = healthySituation();

/** Runs until the condition holds, then stops. */
async function runUntil(looks: ReturnType<typeof looksAt>['looks'], holds: () => boolean): Promise<void> {
  const over = new AbortController();
  const running = looks.run(over.signal);
  await vi.waitUntil(holds, { timeout: 30_000, interval: 2 });
  over.abort();
  await running;
}

describe('looks', () => {
  test('before the first is over, nothing is known', () => {
    const { looks } = looksAt(() => Promise.resolve(HEALTHY));
    expect(looks.sight()).toMatchObject({ state: 'none', situation: { recovery: { possible: 'unknown' } } });
  });

  test('show what was seen while it is current', async () => {
    const { looks } = looksAt(() => Promise.resolve(HEALTHY));
    await runUntil(looks, () => looks.totals.success >= 3);
    expect(looks.sight()).toMatchObject({ state: 'current', situation: HEALTHY });
    expect(looks.vouchedFor()).toBe(HEALTHY);
  });

  test('one that fails makes all of it unknown at once, is said once, and the next good one makes up for it', async () => {
    const found: (Situation | Error)[] = [HEALTHY];
    const { looks, said } = looksAt(() => {
      const next = found.at(-1);
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next ?? HEALTHY);
    });
    await runUntil(looks, () => looks.totals.success >= 1);
    found.push(new BackupError("reading '/backups/postgres': EIO", { kind: 'failed' }));
    await runUntil(looks, () => looks.totals.failure >= 3);
    const stale = looks.sight();
    expect(stale).toMatchObject({ state: 'stale', situation: { at: HEALTHY.at, recovery: { possible: 'unknown' } } });
    expect(stale.situation.services.every(({ health }) => health === 'unknown')).toBe(true);
    expect(stale.why).toBe('reading (path in the log): EIO');
    expect(looks.vouchedFor().services.every(({ backups }) => backups.length === 0)).toBe(true);
    found.push(HEALTHY);
    const before = looks.totals.success;
    await runUntil(looks, () => looks.totals.success > before);
    expect(looks.sight().state).toBe('current');
    expect(said.lines).toEqual(['a look failed: reading (path in the log): EIO', 'the monitor sees again']);
    expect(said.notes[0]?.error.message).toContain('/backups/postgres');
  });

  test('one that hangs makes all of it unknown, is cancelled, and no second begins beside it', async () => {
    let begun = 0;
    let cancelled = false;
    const look = (signal: AbortSignal): Promise<Situation> => {
      begun += 1;
      if (begun === 1) return Promise.resolve(HEALTHY);
      signal.addEventListener('abort', () => (cancelled = true));
      return new Promise(() => undefined);
    };
    const { looks } = looksAt(look, { limitSeconds: 0.05 });
    await runUntil(looks, () => looks.hangs);
    expect(begun).toBe(2);
    expect(cancelled).toBe(true);
    expect(looks.sight()).toMatchObject({ state: 'stale', why: expect.stringMatching(/^a look has been going on/) });
  });

  test('one that ends too late does not count', async () => {
    const look = (signal: AbortSignal): Promise<Situation> =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve(HEALTHY)));
    const { looks } = looksAt(look, { limitSeconds: 0.02 });
    await runUntil(looks, () => looks.totals.failure >= 1);
    expect(looks.totals.success).toBe(0);
    expect(looks.sight()).toMatchObject({ state: 'none', why: 'a look took more than 0.02 s' });
  });

  test('that nobody makes any more are not current', async () => {
    const { looks } = looksAt(() => Promise.resolve(HEALTHY), { limitSeconds: 0.02 });
    await runUntil(looks, () => looks.totals.success >= 1);
    await vi.waitUntil(() => looks.sight().state === 'stale', { timeout: 30_000, interval: 2 });
    expect(looks.sight().why).toMatch(/^nobody has looked for /);
  });

  test('tell their observers; one that fails or hangs holds nobody up and is not asked twice at once', async () => {
    const heard: Situation[] = [];
    let hanging = 0;
    const observers = [
      () => Promise.reject(new Error('no')),
      () => {
        hanging += 1;
        return new Promise<void>(() => undefined);
      },
      (situation: Situation) => {
        heard.push(situation);
        return Promise.resolve();
      },
    ];
    const { looks, said } = looksAt(() => Promise.resolve(HEALTHY), { observers });
    await runUntil(looks, () => heard.length >= 3);
    expect(heard[0]).toBe(HEALTHY);
    expect(hanging).toBe(1);
    expect(looks.totals.observerFailures).toBeGreaterThanOrEqual(2);
    expect(said.notes[0]).toMatchObject({ message: 'an observer of looks failed' });
  });

  test('tell observers what is in doubt when a look failed', async () => {
    const heard: Situation[] = [];
    const observers = [(situation: Situation) => Promise.resolve(void heard.push(situation))];
    const { looks } = looksAt(() => Promise.reject(new Error('blind')), { observers });
    await runUntil(looks, () => heard.length >= 1);
    expect(heard[0]?.conditions[0]?.name).toBe('MonitorBlind');
  });

  test('end when their observers have, and not for ever later', async () => {
    const { promise: writing, resolve: written } = Promise.withResolvers<undefined>();
    let [begun, ended] = [false, false];
    const slow = async (): Promise<void> => {
      begun = true;
      await writing;
      ended = true;
    };
    const { looks } = looksAt(() => Promise.resolve(HEALTHY), { observers: [slow], intervalSeconds: 3600 });
    const over = new AbortController();
    let isOver = false;
    const running = looks.run(over.signal).then(() => (isOver = true));
    await vi.waitUntil(() => begun, { timeout: 30_000, interval: 2 });
    over.abort();
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect({ isOver, ended }).toEqual({ isOver: false, ended: false });
    written(undefined);
    await running;
    expect(ended).toBe(true);
  });

  test('end soon after they are told to, though one hangs', async () => {
    const { looks } = looksAt(() => new Promise(() => undefined));
    const over = new AbortController();
    const running = looks.run(over.signal);
    over.abort();
    await running;
    expect(looks.totals).toMatchObject({ success: 0, failure: 0 });
  });
});
