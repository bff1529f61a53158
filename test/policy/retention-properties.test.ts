import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Manifest } from '../../src/model/backup.ts';
import { type BackupId, type BackupType, type Service, SERVICES } from '../../src/model/vocabulary.ts';
import { choosePoint } from '../../src/policy/recovery-point.ts';
import { planRetention, type RetentionDecision, type RetentionRequest } from '../../src/policy/retention.ts';
import { type HeldBackup, isGood } from '../../src/policy/retention-floors.ts';
import { manifestOf, outcomeOf } from '../support/manifests.ts';

const NOW = '2026-08-16T06:00:00.000Z';
const TYPES = ['hourly', 'daily', 'weekly', 'manual', 'schema', 'incremental'] as const;
const FULL: readonly string[] = ['hourly', 'daily', 'weekly', 'manual'];
const DAY = 86_400_000;

const service = fc.constantFrom(...SERVICES);
const type = fc.constantFrom(...TYPES);
const mostly = <T>(usual: T, other: T) =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constant(other) });

/** One backup with all that may be wrong with it; faults are rare enough for good ones to be there. */
const drawn = fc.record({
  service,
  type,
  hours: fc.integer({ min: -30, max: 60 * 24 }),
  proof: fc.oneof(
    { weight: 5, arbitrary: fc.constant('good' as const) },
    { weight: 2, arbitrary: fc.constantFrom('none' as const, 'failed' as const, 'integrity' as const) },
  ),
  consistency: mostly<Manifest['consistency']>('consistent', 'fuzzy'),
  suspect: mostly<readonly string[]>([], ['rows: 100 before, 0 now']),
  purpose: mostly<Manifest['purpose']>('scheduled', 'safety'),
  point: fc.option(fc.integer({ min: 1, max: 5 }), { freq: 2 }),
  parent: fc.option(fc.nat(40), { freq: 4 }),
  locked: fc.option(fc.integer({ min: -5, max: 5 }), { freq: 8 }),
  pinned: mostly(false, true),
});
type Drawn = typeof drawn extends fc.Arbitrary<infer T> ? T : never;

const history = fc.array(drawn, { minLength: 1, maxLength: 40 });

const asked = fc.record({
  services: fc.oneof(fc.constant(SERVICES), fc.uniqueArray(service, { minLength: 1 })),
  types: fc.oneof(fc.constant('all' as const), fc.uniqueArray(type as fc.Arbitrary<BackupType>, { minLength: 1 })),
  own: fc.array(fc.record({ service, type: type as fc.Arbitrary<BackupType>, days: fc.integer({ min: 1, max: 50 }) }), {
    maxLength: 8,
  }),
  otherwise: fc.integer({ min: 1, max: 50 }),
  keepAtLeast: fc.integer({ min: 1, max: 4 }),
  olderThanDays: fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }),
  platform: fc.uniqueArray(service, { minLength: 1 }),
});

function heldOf(all: readonly Drawn[]): HeldBackup[] {
  const ids: BackupId[] = [];
  return all.map((each, index) => {
    const moment = new Date(Date.parse(NOW) - each.hours * 3_600_000 - index * 1000).toISOString();
    const manifest = manifestOf(each.service, moment, {
      type: each.type,
      sequence: index,
      consistency: each.consistency,
      suspect: each.suspect,
      purpose: each.purpose,
      recoveryPoint:
        each.point === null
          ? null
          : { id: `point_${each.point}`, services: SERVICES.slice(0, each.point) as Service[] },
      parent: each.parent === null ? null : (ids[each.parent % Math.max(1, ids.length)] ?? null),
    });
    ids.push(manifest.id);
    const outcomes = {
      none: [],
      integrity: [outcomeOf('integrity', true)],
      failed: [outcomeOf('integrity', true), outcomeOf('content', true), outcomeOf('restore', false)],
      good: [outcomeOf('integrity', true), outcomeOf('content', true)],
    }[each.proof];
    const lock =
      each.locked === null ? {} : { lockedUntil: new Date(Date.parse(NOW) + each.locked * DAY).toISOString() };
    return { manifest, proof: { id: manifest.id, outcomes }, storedBytes: 1, ...lock };
  });
}

interface Case {
  readonly backups: readonly HeldBackup[];
  readonly request: RetentionRequest;
  readonly plan: readonly RetentionDecision[];
  readonly removed: ReadonlySet<string>;
  readonly left: readonly HeldBackup[];
}

const cases = fc.tuple(history, asked).map(([all, { services, types, olderThanDays, ...rules }]): Case => {
  const backups = heldOf(all);
  const pinned = new Map(
    backups.flatMap(({ manifest }, index) => (all[index]?.pinned === true ? [[manifest.id, 'pinned'] as const] : [])),
  );
  const request = { services, types, rules, pinned, ...(olderThanDays === undefined ? {} : { olderThanDays }) };
  const plan = planRetention(backups, request, NOW);
  const removed = new Set<string>(plan.filter((each) => !each.keep).map((each) => each.backup.manifest.id));
  return { backups, request, plan, removed, left: backups.filter(({ manifest }) => !removed.has(manifest.id)) };
});

function always(property: (each: Case) => void): void {
  fc.assert(fc.property(cases, property), { numRuns: 500 });
}

/** Newest first. */
function good(backups: readonly HeldBackup[], isAsked: (manifest: Manifest) => boolean): HeldBackup[] {
  return backups
    .filter((each) => isGood(each, NOW) && isAsked(each.manifest))
    .toSorted((a, b) => b.manifest.sequence - a.manifest.sequence);
}

const newestGood = (backups: readonly HeldBackup[], of: Service): string | undefined =>
  good(backups, (each) => each.service === of && FULL.includes(each.type))[0]?.manifest.id;

test('the last good backup of each service stays', () => {
  always(({ backups, left }) => {
    for (const each of SERVICES) expect(newestGood(left, each)).toBe(newestGood(backups, each));
  });
});

test('a service without a good backup loses none', () => {
  always(({ backups, removed }) => {
    for (const { manifest } of backups.filter((each) => removed.has(each.manifest.id)))
      expect(newestGood(backups, manifest.service)).toBeDefined();
  });
});

test('what latest would recover from is the same afterwards', () => {
  const choice = (backups: readonly HeldBackup[], services: readonly Service[]) => {
    const present = backups.filter((each) => each.manifest.moment <= NOW);
    const request = { selector: 'latest', services, allowFuzzy: false, allowSuspect: false };
    return choosePoint(present, request)
      .point?.backups.map((each) => each.id)
      .toSorted();
  };
  always(({ backups, left, request }) => {
    expect(choice(left, request.rules.platform)).toEqual(choice(backups, request.rules.platform));
  });
});

test('as many good ones of each type as were promised stay', () => {
  always(({ backups, left, request }) => {
    for (const of of SERVICES) {
      for (const kind of TYPES) {
        const before = good(backups, (each) => each.service === of && each.type === kind);
        const after = good(left, (each) => each.service === of && each.type === kind);
        const promised = before.slice(0, request.rules.keepAtLeast);
        expect(after.slice(0, promised.length)).toEqual(promised);
      }
    }
  });
});

test('what is locked, pinned, young, from the future or not asked for stays, and so does what it is built upon', () => {
  always(({ backups, request, removed, left }) => {
    const { own, otherwise } = request.rules;
    for (const { manifest, lockedUntil } of backups.filter((each) => removed.has(each.manifest.id))) {
      expect(lockedUntil === undefined || lockedUntil <= NOW).toBe(true);
      expect(request.pinned.has(manifest.id)).toBe(false);
      expect(manifest.moment <= NOW).toBe(true);
      expect(request.services).toContain(manifest.service);
      if (request.types !== 'all') expect(request.types).toContain(manifest.type);
      const rule = own.find((each) => each.service === manifest.service && each.type === manifest.type);
      const days = Math.max(rule?.days ?? otherwise, request.olderThanDays ?? 0);
      expect(Date.parse(NOW) - Date.parse(manifest.moment)).toBeGreaterThan(days * DAY);
    }
    for (const { manifest } of left) expect(removed).not.toContain(manifest.parent);
  });
});

test('what should go does go: the reason of what stays is true', () => {
  always(({ backups, plan, request, left }) => {
    for (const { backup, keep, reason } of plan) {
      const { manifest } = backup;
      if (!keep || reason.startsWith('base of ')) continue;
      const age = (Date.parse(NOW) - Date.parse(manifest.moment)) / DAY;
      const isLast = newestGood(backups, manifest.service) === manifest.id;
      const complete = reason.includes('point_') && manifest.recoveryPoint !== null;
      const among = good(backups, (each) => each.service === manifest.service && each.type === manifest.type);
      const isAmong = among.slice(0, request.rules.keepAtLeast).includes(backup);
      const held = request.pinned.has(manifest.id) || (backup.lockedUntil ?? '') > NOW;
      const none = newestGood(backups, manifest.service) === undefined;
      const { own, otherwise } = request.rules;
      const rule = own.find((each) => each.service === manifest.service && each.type === manifest.type);
      const young = age <= Math.max(rule?.days ?? otherwise, request.olderThanDays ?? 0);
      expect(held || isLast || none || complete || isAmong || young || age < 0, `${manifest.id}: ${reason}`).toBe(true);
    }
    for (const { backup, reason } of plan.filter((each) => each.reason.startsWith('base of ')))
      expect(left.map((each) => each.manifest)).toContainEqual(
        expect.objectContaining({ id: reason.slice('base of '.length), parent: backup.manifest.id }),
      );
  });
});

test('a second cleanup at the same moment finds nothing more to remove of a complete one', () => {
  always(({ left, request }) => {
    const whole = { ...request, services: SERVICES, types: 'all' as const };
    const first = planRetention(left, whole, NOW);
    const remaining = first.filter((each) => each.keep).map((each) => each.backup);
    const second = planRetention(remaining, whole, NOW).filter((each) => !each.keep);
    expect(second).toEqual([]);
  });
});

test('every backup that was asked for has one decision with a reason, whatever the order they come in', () => {
  always(({ backups, plan, request }) => {
    const expected = backups.filter(
      ({ manifest }) =>
        request.services.includes(manifest.service) &&
        (request.types === 'all' || request.types.includes(manifest.type)),
    );
    expect(plan).toHaveLength(expected.length);
    expect(plan.every((each) => each.reason !== '')).toBe(true);
    const shuffled = planRetention(backups.toReversed(), request, NOW);
    expect(shuffled.map(({ backup, keep }) => `${backup.manifest.id} ${keep}`).toSorted()).toEqual(
      plan.map(({ backup, keep }) => `${backup.manifest.id} ${keep}`).toSorted(),
    );
  });
});
