import { describe, expect, test } from 'vitest';
import type { Expectations, Knowledge, ServiceKnowledge } from '../../src/model/knowledge.ts';
import type { Situation } from '../../src/model/situation.ts';
import { SERVICES } from '../../src/model/vocabulary.ts';
import { assess } from '../../src/policy/situation.ts';
import { ASKED, failedCheck, known, runRecord, serviceKnown, summary, UNCHECKED } from '../support/knowledge.ts';

const NOW = '2026-08-16T08:00:00.000Z';
const good = summary('postgres', 'daily', '2026-08-16T02:00:00.000Z');
const yesterday = summary('postgres', 'daily', '2026-08-15T02:00:00.000Z');

function look(service: ServiceKnowledge, asked: Partial<Expectations> = {}, more: Partial<Knowledge> = {}): Situation {
  return assess({ ...known(NOW, [service]), ...more }, { ...ASKED, ...asked });
}

function keys({ conditions }: Situation): string[] {
  return conditions.map((each) => each.key);
}

test('a good day needs nobody', () => {
  const situation = look(serviceKnown([yesterday, good]));
  expect(situation.conditions).toEqual([]);
  expect(situation.recovery).toMatchObject({ possible: 'yes', from: good.moment, to: good.moment, skewSeconds: 0 });
  expect(situation.recovery.rpo).toEqual({ targetSeconds: 48 * 3600, actualSeconds: 6 * 3600, met: true });
  expect(situation.recovery.rto).toEqual({ targetSeconds: 3600 });
  const [service] = situation.services;
  expect(service).toMatchObject({ health: 'ok', gaps: 0, damaged: [] });
  expect(service?.types).toEqual([
    expect.objectContaining({ type: 'daily', health: 'ok', good: true, count: 2, storedBytes: 2000 }),
  ]);
  expect(service?.types[0]?.next).toBe('2026-08-17T02:00:00.000Z');
  expect(service?.types[0]?.lastValidation).toEqual({
    at: good.committedAt,
    level: 'content',
    passed: true,
    seconds: 3,
  });
});

describe('what needs a person', () => {
  const failing = runRecord('2026-08-16T02:00:00.000Z', 7, { message: 'postgres: cannot be reached' });
  test.each<[string, ServiceKnowledge, Partial<Expectations>, string[]]>([
    [
      'a run that failed',
      serviceKnown([yesterday], { runs: [failing] }),
      {},
      ['backup-failed:postgres:daily', 'backup-stale:postgres:daily'],
    ],
    ['a run that failed and was repeated', serviceKnown([good], { runs: [failing, runRecord(NOW, 0)] }), {}, []],
    ['one that was interrupted', serviceKnown([good], { runs: [runRecord(NOW, 130)] }), {}, []],
    [
      'a newest backup that failed its check',
      serviceKnown([yesterday, { ...good, ...failedCheck(NOW) }]),
      {},
      ['backup-failed:postgres:daily', 'backup-stale:postgres:daily', 'backup-damaged:postgres'],
    ],
    [
      'an older one that failed a check',
      serviceKnown([{ ...yesterday, ...failedCheck(NOW) }, good]),
      {},
      ['backup-damaged:postgres'],
    ],
    [
      'one that was never checked',
      serviceKnown([yesterday, { ...good, ...UNCHECKED }]),
      {},
      ['backup-stale:postgres:daily', 'backup-unverified:postgres:daily'],
    ],
    ['a newest backup that is small', serviceKnown([good]), { minSizeBytes: 1001 }, ['backup-small:postgres:daily']],
    [
      'one that has shrunk',
      serviceKnown([yesterday, { ...good, suspect: ['rows: 100 before, 0 now'] }]),
      {},
      ['backup-suspect:postgres', 'backup-stale:postgres:daily'],
    ],
    [
      'one that is fuzzy',
      serviceKnown([yesterday, { ...good, consistency: 'fuzzy' }]),
      {},
      ['backup-fuzzy:postgres', 'backup-stale:postgres:daily'],
    ],
    ['no backup', serviceKnown([]), {}, ['recovery-impossible', 'no-verified-backup:postgres']],
    [
      'damage and gaps',
      serviceKnown([], { stored: { backups: [good], damaged: ['a'], gaps: ['backup 1 is missing'], missing: 1 } }),
      {},
      ['manifest-damaged:postgres', 'sequence-gap:postgres'],
    ],
    ['a scheduler that is silent', serviceKnown([good], { heartbeatAge: 3600 }), {}, ['scheduler-silent:postgres']],
    [
      'a schedule that nobody keeps',
      serviceKnown([good], { heartbeatAge: undefined as never }),
      {},
      ['scheduler-silent:postgres'],
    ],
    [
      'no schedule, and no scheduler',
      serviceKnown([good], { schedules: [], heartbeatAge: undefined as never }),
      {},
      [],
    ],
    ['a lock that is held for long', serviceKnown([good], { lock: { ageSeconds: 9000 } }), {}, ['lock-held:postgres']],
    ['a lock that is held', serviceKnown([good], { lock: { ageSeconds: 100 } }), {}, []],
    [
      'a clean-up that failed',
      serviceKnown([good], { runs: [runRecord(NOW, 1, { kind: 'cleanup' })] }),
      {},
      ['cleanup-failed:postgres'],
    ],
    ['a torn history', serviceKnown([good], { runsTorn: true }), {}, ['run-history-torn:postgres']],
    ['schedules that cannot reach the target', serviceKnown([good]), { rpoSeconds: 4 * 3600 }, ['rpo-unreachable']],
    [
      'a target that was missed',
      serviceKnown([good], { schedules: [{ type: 'hourly', cron: '0 * * * *' }] }),
      { rpoSeconds: 4 * 3600 },
      ['rpo-missed'],
    ],
  ])('%s', (_, service, asked, expected) => {
    const situation = look(service, asked);
    expect(keys(situation).toSorted()).toEqual(expected.toSorted());
    for (const { summary: said, hint } of situation.conditions) {
      expect(said).not.toMatch(/\n|undefined/);
      expect(hint).not.toMatch(/\n|undefined/);
    }
  });

  test('is the same at every look, and worst first', () => {
    const bad = serviceKnown([{ ...yesterday, ...UNCHECKED }], { runsTorn: true });
    const first = look(bad);
    const later = assess(known('2026-08-16T09:00:00.000Z', [bad]), ASKED);
    expect(keys(later)).toEqual(keys(first));
    const severities = first.conditions.map((each) => each.severity);
    expect(severities).toEqual(severities.toSorted());
    expect(new Set(severities)).toEqual(new Set(['critical', 'warning']));
  });
});

describe('what is not there', () => {
  const lost = { damaged: [], gaps: ['backup 1 is missing'], missing: 1 };

  test('is not healthy, though its last run went well', () => {
    const situation = look(
      serviceKnown([], { runs: [runRecord('2026-08-16T02:00:00.000Z', 0)], stored: { backups: [], ...lost } }),
    );
    expect(situation.services[0]?.types).toMatchObject([
      { type: 'daily', health: 'unknown', count: 0, storedBytes: 0 },
    ]);
    expect(situation.conditions.map((each) => each.summary)).toContain('postgres: there is no backup any more');
  });

  test('is told apart from what is there and damaged', () => {
    const stored = { backups: [], damaged: ['a.metadata.json'], gaps: [], missing: 0 };
    const { conditions } = look(serviceKnown([], { stored }));
    expect(conditions.map((each) => each.summary)).toContain('postgres: no backup could be recovered from as it is');
  });
});

describe('what is not known', () => {
  const blind = {
    service: 'postgres',
    troubles: [{ kind: 'denied', message: 'reading /backups failed: EACCES' }],
    runs: [],
    totals: [],
    runsTorn: false,
    schedules: [{ type: 'daily', cron: '0 2 * * *' }],
    slots: {},
    heartbeatAge: 3,
  } satisfies ServiceKnowledge;

  test('is never shown as healthy, nor as gone', () => {
    const situation = look(blind);
    expect(situation.recovery).toMatchObject({ possible: 'unknown', why: expect.stringContaining('EACCES') });
    expect(situation.recovery.rpo).toEqual({ targetSeconds: 48 * 3600 });
    expect(situation.services[0]).toMatchObject({ health: 'unknown', types: [{ type: 'daily', health: 'unknown' }] });
    expect(situation.services[0]?.types[0]).not.toHaveProperty('count');
    expect(situation.services[0]?.types[0]).not.toHaveProperty('storedBytes');
    expect(situation.services[0]).not.toHaveProperty('gaps');
    expect(situation.services[0]?.types[0]).not.toHaveProperty('lastSuccess');
    expect(keys(situation)).toEqual(['state-unreadable:postgres']);
  });

  test('keys that are missing prevent a recovery', () => {
    const situation = look({ ...blind, troubles: [{ kind: 'keys', message: 'the keyring is missing' }] });
    expect(situation.recovery).toMatchObject({ possible: 'no', why: 'the keyring is missing' });
    expect(keys(situation)).toEqual(['recovery-impossible', 'keys-unusable:postgres']);
  });

  test('trouble that all services share is said once', () => {
    const all = SERVICES.map((service) => ({ ...blind, service }));
    const situation = assess(known(NOW, all), { ...ASKED, services: SERVICES });
    expect(keys(situation)).toEqual(['state-unreadable']);
  });

  test('a service that nobody looked at keeps the whole from being called recoverable', () => {
    const situation = look(serviceKnown([good]), { services: ['postgres', 'redis'] });
    expect(situation.recovery.possible).toBe('unknown');
  });

  test('a backup from the future makes nothing fresh, and is told of', () => {
    const early = summary('postgres', 'daily', '2027-01-01T02:00:00.000Z');
    const situation = look(serviceKnown([yesterday, early]));
    expect(keys(situation)).toContain('clock-doubtful:postgres');
    expect(keys(situation)).toContain('backup-stale:postgres:daily');
    expect(situation.services[0]?.types[0]?.lastVerified?.id).toBe(yesterday.id);
    expect(situation.recovery.rpo).not.toHaveProperty('actualSeconds');
  });
});

test('how long it takes is what the last recovery of all services took', () => {
  const recovered = runRecord('2026-08-10T00:00:00.000Z', 0, { kind: 'recover', seconds: 240 });
  const situation = look(serviceKnown([good], { runs: [recovered] }));
  expect(situation.recovery).toMatchObject({ estimatedSeconds: 240, rto: { actualSeconds: 240, met: true } });
  expect(keys(look(serviceKnown([good], { runs: [recovered] }), { rtoSeconds: 100 }))).toEqual(['rto-missed']);
});

test('volumes are judged by their file system, and one without figures is unknown', () => {
  const volumes = [
    { volume: 'a', size: 100, free: 21 },
    { volume: 'b', size: 100, free: 20 },
    { volume: 'c', size: 100, free: 5 },
    { volume: 'd', why: 'not mounted' },
  ];
  const situation = look(serviceKnown([good]), {}, { volumes });
  expect(situation.volumes.map(({ volume, health }) => [volume, health])).toEqual([
    ['a', 'ok'],
    ['b', 'warning'],
    ['c', 'critical'],
    ['d', 'unknown'],
  ]);
  expect(situation.conditions.map(({ key, severity }) => [key, severity])).toEqual([
    ['volume-usage-high:c', 'critical'],
    ['volume-usage-high:b', 'warning'],
  ]);
});

test('points are bounded, newest last', () => {
  const many = Array.from({ length: 500 }, (_, hour) =>
    summary('postgres', 'hourly', new Date(Date.parse(NOW) - (500 - hour) * 3_600_000).toISOString()),
  );
  const points = look(serviceKnown(many)).services[0]?.backups ?? [];
  expect(points).toHaveLength(200);
  expect(points.at(-1)?.id).toBe(many.at(-1)?.id);
});
