import {
  type Arbitrary,
  array,
  assert,
  constant,
  constantFrom,
  integer,
  nat,
  oneof,
  option,
  property,
  record,
  tuple,
  uniqueArray,
} from 'fast-check';
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

const service = constantFrom(...SERVICES);
const type = constantFrom(...TYPES);
const mostly = <T>(usual: T, other: T) =>
  oneof({ weight: 5, arbitrary: constant(usual) }, { weight: 1, arbitrary: constant(other) });

/** One backup with all that may be wrong with it; faults are rare enough for good ones to be there. */
const drawn = record({
  service,
  type,
  hours: integer({ min: -30, max: 60 * 24 }),
  proof: oneof(
    { weight: 5, arbitrary: constant('good' as const) },
    { weight: 2, arbitrary: constantFrom('none' as const, 'failed' as const, 'integrity' as const) },
  ),
  consistency: mostly<Manifest['consistency']>('consistent', 'fuzzy'),
  suspect: mostly<readonly string[]>([], ['rows: 100 before, 0 now']),
  purpose: mostly<Manifest['purpose']>('scheduled', 'safety'),
  point: option(integer({ min: 1, max: 5 }), { freq: 2 }),
  parent: option(nat(40), { freq: 4 }),
  locked: option(integer({ min: -5, max: 5 }), { freq: 8 }),
  pinned: mostly(false, true),
});
type Drawn = typeof drawn extends Arbitrary<infer T> ? T : never;

const history = array(drawn, { minLength: 1, maxLength: 40 });

const asked = record({
  services: oneof(constant(SERVICES), uniqueArray(service, { minLength: 1 })),
  types: oneof(constant('all' as const), uniqueArray(type as Arbitrary<BackupType>, { minLength: 1 })),
  own: array(record({ service, type: type, days: integer({ min: 1, max: 50 }) }), {
    maxLength: 8,
  }),
  otherwise: integer({ min: 1, max: 50 }),
  keepAtLeast: integer({ min: 1, max: 4 }),
  olderThanDays: option(integer({ min: 1, max: 50 }), { nil: undefined }),
  platform: uniqueArray(service, { minLength: 1 }),
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
        each.point === null ? null : { id: `point_${each.point}`, services: SERVICES.slice(0, each.point) },
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

const cases = tuple(history, asked).map(([all, { services, types, olderThanDays, ...rules }]): Case => {
  const backups = heldOf(all);
  const pinned = new Map(
    backups.flatMap(({ manifest }, index) => (all[index]?.pinned === true ? [[manifest.id, 'pinned'] as const] : [])),
  );
  const request = { services, types, rules, pinned, ...(olderThanDays === undefined ? {} : { olderThanDays }) };
  const plan = planRetention(backups, request, NOW);
  const removed = new Set<string>(plan.filter((each) => !each.keep).map((each) => each.backup.manifest.id));
  return { backups, request, plan, removed, left: backups.filter(({ manifest }) => !removed.has(manifest.id)) };
});

function always(holds: (each: Case) => void): void {
  assert(property(cases, holds), { numRuns: 500 });
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
      expect(request.types === 'all' || request.types.includes(manifest.type)).toBe(true);
      const rule = own.find((each) => each.service === manifest.service && each.type === manifest.type);
      const days = Math.max(rule?.days ?? otherwise, request.olderThanDays ?? 0);
      expect(Date.parse(NOW) - Date.parse(manifest.moment)).toBeGreaterThan(days * DAY);
    }
    for (const { manifest } of left) expect(removed).not.toContain(manifest.parent);
  });
});

/** Why a backup may stay, told without the plan. */
function mayStay(backup: HeldBackup, { backups, request }: Case): boolean {
  const { manifest } = backup;
  const { own, otherwise, keepAtLeast } = request.rules;
  const among = good(backups, (each) => each.service === manifest.service && each.type === manifest.type);
  const rule = own.find((each) => each.service === manifest.service && each.type === manifest.type);
  const days = Math.max(rule?.days ?? otherwise, request.olderThanDays ?? 0);
  const lastGood = newestGood(backups, manifest.service);
  return [
    request.pinned.has(manifest.id),
    (backup.lockedUntil ?? '') > NOW,
    lastGood === undefined || lastGood === manifest.id,
    among.slice(0, keepAtLeast).includes(backup),
    Date.parse(NOW) - Date.parse(manifest.moment) <= days * DAY,
  ].includes(true);
}

test('what should go does go: what stays has a reason, and it is true', () => {
  always((drawnCase) => {
    const { plan, left } = drawnCase;
    for (const { backup, reason } of plan.filter((each) => each.keep)) {
      const base = left.some(({ manifest }) => manifest.parent === backup.manifest.id);
      const point = backup.manifest.recoveryPoint !== null && reason.includes(backup.manifest.recoveryPoint.id);
      expect(base || point || mayStay(backup, drawnCase), `${backup.manifest.id}: ${reason}`).toBe(true);
    }
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
