import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Manifest } from '../../src/model/backup.ts';
import { type Service, SERVICES } from '../../src/model/vocabulary.ts';
import { planRetention, type RetentionRequest } from '../../src/policy/retention.ts';
import type { HeldBackup } from '../../src/policy/retention-floors.ts';
import { manifestOf, outcomeOf, verified } from '../support/manifests.ts';
import { guideRules, planText } from '../support/retention.ts';

const NOW = '2026-08-16T06:00:00.000Z';
const request: RetentionRequest = { services: SERVICES, types: 'all', rules: guideRules, pinned: new Map() };

function daysAgo(days: number, more = 0): string {
  return new Date(Date.parse(NOW) - days * 86_400_000 + more).toISOString();
}

function held(service: Service, days: number, changes: Partial<Manifest> = {}): HeldBackup {
  return { ...verified(manifestOf(service, daysAgo(days), changes)), storedBytes: 1 };
}

function unproven(backup: HeldBackup): HeldBackup {
  return { ...backup, proof: undefined };
}

function dailies(from: number, to: number, changes: Partial<Manifest> = {}): HeldBackup[] {
  return Array.from({ length: from - to + 1 }, (_, index) => held('redis', from - index, changes));
}

function removed(backups: readonly HeldBackup[], changes: Partial<RetentionRequest> = {}): string[] {
  return planRetention(backups, { ...request, ...changes }, NOW)
    .filter((each) => !each.keep)
    .map((each) => each.backup.manifest.id);
}

function ids(backups: readonly HeldBackup[]): string[] {
  return backups.map((each) => each.manifest.id);
}

/** As the guide's schedules would have made them, and a `backup all manual` each month. */
function guideHistory(): HeldBackup[] {
  const every = (days: number, times: number) => Array.from({ length: times }, (_, index) => days * index + 0.1);
  const point = (days: number) => ({ id: `point_${daysAgo(days).slice(0, 10)}`, services: SERVICES });
  const monthly = every(30.4, 15).map((each) => held('postgres', each, { type: 'monthly' }));
  return SERVICES.flatMap((service) => [
    ...every(1, 10).map((each) => held(service, each)),
    ...every(7, 6).map((each) => held(service, each, { type: 'weekly' })),
    ...every(27, 4).map((each) => held(service, each + 1, { type: 'manual', recoveryPoint: point(each + 1) })),
    ...(service === 'postgres' ? [...monthly, held(service, 2600, { type: 'yearly' })] : []),
  ]).map((each) => (each.manifest.id.includes('daily_20260816') ? unproven(each) : each));
}

test('the plan for what the guide’s schedules make is the golden one', () => {
  const golden = readFileSync(path.join(import.meta.dirname, 'retention-golden.txt'), 'utf8');
  expect(planText(planRetention(guideHistory(), request, NOW))).toBe(golden);
});

describe('the rules', () => {
  test('keep what is within its days, to the second', () => {
    const backups = [...dailies(9, 0), held('redis', 7, { sequence: 1, moment: daysAgo(7, -1) })];
    expect(removed(backups)).toEqual(ids([held('redis', 7), ...dailies(9, 8)]).filter(unique));
  });

  test('are by type, and BACKUP_RETENTION_DAYS for those without one', () => {
    const backups = [
      ...dailies(40, 0, { type: 'manual' }),
      ...dailies(40, 0, { type: 'hourly' }),
      ...dailies(40, 0, { type: 'weekly' }),
    ];
    expect(removed(backups)).toHaveLength(10 + 10 + 12);
  });

  test('--older-than keeps more, and never less', () => {
    const backups = dailies(20, 0);
    expect(removed(backups, { olderThanDays: 1 })).toEqual(removed(backups));
    expect(removed(backups, { olderThanDays: 15 })).toEqual(ids(dailies(20, 16)));
  });

  test('only what was asked for is in the plan, and all of it', () => {
    const backups = [
      ...dailies(20, 0),
      ...dailies(40, 0, { type: 'manual' }),
      held('postgres', 100),
      held('postgres', 1),
    ];
    const plan = planRetention(backups, { ...request, services: ['redis'], types: ['daily'] }, NOW);
    expect(plan.map((each) => each.backup.manifest.id)).toEqual(ids(dailies(20, 0)));
  });
});

describe('is kept, whatever its age,', () => {
  const floors = (backups: readonly HeldBackup[], changes: Partial<RetentionRequest> = {}) =>
    planRetention(backups, { ...request, ...changes }, NOW).map((each) => `${each.keep ? '+' : '-'} ${each.reason}`);

  test('the last good backup of a service, where later ones are bad', () => {
    const [bad = held('redis', 1), ...others] = dailies(12, 8);
    const proof = { id: bad.manifest.id, outcomes: [outcomeOf('content', true), outcomeOf('restore', false)] };
    expect(
      floors([
        held('redis', 20),
        ...others.map((each) => unproven(each)),
        { ...bad, proof },
        held('redis', 7.5, { suspect: ['rows: 100 before, 0 now'] }),
        held('redis', 7.4, { consistency: 'fuzzy' }),
        held('redis', 7.3, { purpose: 'safety' }),
      ]),
    ).toEqual(['+ the last good backup of its service', ...Array.from({ length: 8 }, () => '- older than 7 days')]);
  });

  test('everything of a service that has no good one', () => {
    const old = dailies(30, 20).map((each) => unproven(each));
    expect(new Set(floors([...old, held('redis', 3, { type: 'schema' })]))).toEqual(
      new Set(['+ no backup of this service is good: none is removed']),
    );
  });

  test('as many good ones of each type as were asked for', () => {
    const rules = { ...guideRules, keepAtLeast: 3 };
    const backups = [...dailies(30, 20), held('redis', 1, { type: 'manual' })];
    expect(removed(backups, { rules })).toEqual(ids(dailies(30, 23)));
  });

  test('the last complete recovery point, and one as long as any of its members', () => {
    const point = (days: number) =>
      SERVICES.map((each) => held(each, days, { recoveryPoint: { id: `point_${days}`, services: SERVICES } }));
    const later = SERVICES.slice(1).flatMap((each) => dailiesOf(each, 4));
    const long = [
      ...guideRules.own.filter((each) => each.service !== 'neo4j'),
      { service: 'neo4j', type: 'daily', days: 15 },
    ] as const;
    const plan = floors([...point(30), ...point(14), ...later, held('postgres', 1)], {
      rules: { ...guideRules, own: long },
      services: ['redis'],
    });
    expect(plan.slice(0, 2)).toEqual(['- older than 15 days', '+ part of point_14, the last complete recovery point']);
    const without = floors([...point(30), ...point(14), ...point(1)], {
      rules: { ...guideRules, own: long },
      services: ['redis'],
    });
    expect(without.slice(0, 2)).toEqual(['- older than 15 days', '+ within 15 days (with the rest of point_14)']);
  });

  test('the last recovery point of the whole platform, where a newer one holds less of it', () => {
    const pair = ['postgres', 'redis'] as const;
    const all = SERVICES.map((each) => held(each, 100, { recoveryPoint: { id: 'point_all', services: SERVICES } }));
    const two = pair.map((each) => held(each, 50, { recoveryPoint: { id: 'point_two', services: pair } }));
    const plan = floors([...all, ...two, ...SERVICES.flatMap((each) => dailiesOf(each, 3))], { services: ['redis'] });
    expect(plan.slice(0, 2)).toEqual([
      '+ part of point_all, the last complete recovery point',
      '+ part of point_two, the last complete recovery point',
    ]);
  });

  test('the last recovery point by its sequences, which is what recover would take, and not by what a clock said', () => {
    const pointAt = (days: number, sequence: number) =>
      SERVICES.map((each) =>
        held(each, days, { sequence, recoveryPoint: { id: `point_${sequence}`, services: SERVICES } }),
      );
    const later = SERVICES.flatMap((each) => [3, 2, 1].map((days) => held(each, days, { sequence: 10 - days })));
    const plan = floors([...pointAt(60, 1), ...pointAt(100, 2), ...later], { services: ['redis'] });
    expect(plan).toContain('+ part of point_2, the last complete recovery point');
  });

  test('what a chain, a recovery or a lock needs', () => {
    const [base = held('redis', 1), middle = base] = dailies(30, 29);
    const link = held('redis', 20, { parent: middle.manifest.id, type: 'incremental' });
    const chained = { ...middle, manifest: { ...middle.manifest, parent: base.manifest.id } };
    const locked = { ...held('redis', 19), lockedUntil: daysAgo(-1) };
    const unlocked = { ...held('redis', 18), lockedUntil: NOW };
    const pinned = held('redis', 17, { purpose: 'safety' });
    expect(
      floors([base, chained, link, locked, unlocked, pinned, ...dailies(1, 0)], {
        pinned: new Map([[pinned.manifest.id, 'the safety copy of recovery_1']]),
      }).slice(0, 6),
    ).toEqual([
      `+ base of ${middle.manifest.id}`,
      `+ base of ${link.manifest.id}`,
      '+ within 30 days',
      `+ locked in its store until ${daysAgo(-1)}`,
      '- older than 7 days',
      '+ the safety copy of recovery_1',
    ]);
  });

  test('the base of what was not asked for, however old that is', () => {
    const base = held('redis', 60);
    const link = { ...held('redis', 50, { parent: base.manifest.id, type: 'incremental' }), proof: undefined };
    expect(floors([base, link, ...dailies(3, 0)], { types: ['daily'] })[0]).toBe(`+ base of ${link.manifest.id}`);
    expect(removed([base, link, ...dailies(3, 0)])).toEqual(ids([base, link]));
  });

  test('what is from the future, though it protects nothing', () => {
    const future = held('redis', -400);
    expect(floors([...dailies(10, 8), future])).toEqual([
      '- older than 7 days',
      '+ one of the last 2 good ones of its type',
      '+ the last good backup of its service',
      '+ it is from the future: a clock is wrong',
    ]);
  });
});

function dailiesOf(service: Service, count: number): HeldBackup[] {
  return Array.from({ length: count }, (_, index) => held(service, count - index));
}

function unique(id: string, index: number, all: readonly string[]): boolean {
  return all.indexOf(id) === index;
}
