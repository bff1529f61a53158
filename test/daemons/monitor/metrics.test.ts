import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { exposition } from '../../../src/daemons/monitor/exposition.ts';
import { metricsText } from '../../../src/daemons/monitor/metrics.ts';
import type { Situation } from '../../../src/model/situation.ts';
import { SERVICES } from '../../../src/model/vocabulary.ts';
import { inDoubt, unseen } from '../../../src/policy/doubt.ts';
import { assess } from '../../../src/policy/situation.ts';
import { ASKED, known, runRecord, serviceKnown, summary } from '../../support/knowledge.ts';
import { brokenSituation, healthySituation } from '../../support/situations.ts';
import { runMonitor } from './rig.ts';

const OWN = { lastLook: '2026-08-16T08:00:00.000Z', lookSeconds: 0.25, errors: 0 };
const NOW = '2026-08-16T08:30:00.000Z';

function text(situation: Situation, now = situation.at): string {
  return metricsText(situation, OWN, now);
}

/** The samples of a text by what stands before the value. */
function samples(exposed: string): Map<string, number> {
  const lines = exposed.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

/** A morning of one service: taken at two, looked at eight. */
function morning(): Situation {
  const backup = summary('postgres', 'daily', '2026-08-16T02:00:00.000Z');
  const runs = [runRecord('2026-08-16T02:00:00.000Z', 0)];
  const totals = [
    { kind: 'backup', type: 'daily', result: 'success', count: 41 },
    { kind: 'backup', type: 'daily', result: 'failure', count: 2 },
    { kind: 'validate', type: 'daily', result: 'failure', count: 7 },
  ] as const;
  const service = serviceKnown([backup], { runs, totals, lock: { ageSeconds: 100 } });
  const volumes = [{ volume: 'postgres-data', size: 1000, free: 350, used: 650 }];
  return assess({ ...known('2026-08-16T08:00:00.000Z', [service]), volumes }, ASKED);
}

test("the deployment guide's metrics have its names and labels, exactly", () => {
  const found = samples(text(morning(), NOW));
  expect(
    [...found].filter(([name]) => /^(backup_(status|age|size|validation)|volume_(health|usage|used))/.test(name)),
  ).toEqual([
    ['backup_status{service="postgres",type="daily"}', 1],
    ['backup_age_hours{service="postgres",type="daily"}', 6.5],
    ['backup_size_bytes{service="postgres",type="daily"}', 1000],
    ['backup_validation_status{service="postgres",type="daily"}', 1],
    ['backup_validation_duration{service="postgres",type="daily"}', 3],
    ['volume_health_status{volume="postgres-data"}', 1],
    ['volume_usage_percent{volume="postgres-data"}', 65],
    ['volume_used_bytes{volume="postgres-data"}', 650],
  ]);
});

test('what an honest monitor adds', () => {
  const found = samples(text(morning(), NOW));
  expect(Object.fromEntries(found)).toMatchObject({
    'backup_runs_total{service="postgres",type="daily",result="success"}': 41,
    'backup_runs_total{service="postgres",type="daily",result="failure"}': 2,
    'backup_last_verified_timestamp_seconds{service="postgres",type="daily"}': Date.parse('2026-08-16T02:00Z') / 1000,
    'backup_next_run_timestamp_seconds{service="postgres",type="daily"}': Date.parse('2026-08-17T02:00Z') / 1000,
    'backup_stale_after_seconds{service="postgres",type="daily"}': 26 * 3600,
    'backup_rpo_actual_seconds{service="postgres"}': 6 * 3600,
    'backup_lock_age_seconds{service="postgres"}': 100 + 1800,
    'backup_scheduler_heartbeat_timestamp_seconds{service="postgres"}': Date.parse('2026-08-16T08:00Z') / 1000 - 3,
    'backup_sequence_gaps{service="postgres"}': 0,
    backup_recovery_possible: 1,
    backup_recovery_point_skew_seconds: 0,
    backup_retention_enabled: 1,
    backup_key_created_timestamp_seconds: Date.parse('2026-01-01') / 1000,
    backup_monitor_errors_total: 0,
    backup_monitor_look_seconds: 0.25,
  });
});

describe('what is not known', () => {
  const nothing = unseen({ services: SERVICES, rpoSeconds: 14_400, rtoSeconds: 3600 }, NOW, 'nobody looked');

  test('is absent: before the first look only the targets and the monitor itself are there', () => {
    expect([...samples(text(nothing)).keys()].toSorted()).toEqual(
      [
        'backup_condition{name="MonitorBlind",severity="critical",service="",type="",volume=""}',
        'backup_monitor_errors_total',
        'backup_monitor_last_look_timestamp_seconds',
        'backup_monitor_look_seconds',
        'backup_rpo_target_seconds',
        'backup_rto_target_seconds',
      ].toSorted(),
    );
  });

  test('is absent where the backups cannot be read, though the last run went well', () => {
    const { stored: _, ...blind } = serviceKnown([], { runs: [runRecord('2026-08-16T02:00:00.000Z', 0)] });
    const found = [...samples(text(assess(known(NOW, [blind]), ASKED))).keys()];
    expect(found.filter((name) => /status|age_hours|gaps|damaged|possible|stored|rpo_actual/.test(name))).toEqual([]);
    expect(found).toContain('backup_next_run_timestamp_seconds{service="postgres",type="daily"}');
  });

  test('is absent of what is not built yet', () => {
    expect(text(healthySituation())).not.toMatch(/replica|wal|drill/);
    expect(text(morning())).not.toMatch(/exported|rto_estimate/);
  });

  test('is absent once nothing vouches for it: no old figure is scraped as a new one', async () => {
    await using monitor = await runMonitor(morning());
    const scrape = async (): Promise<string> => await (await monitor.get('/metrics')).text();
    expect(await scrape()).toContain('backup_status{service="postgres",type="daily"} 1');
    await monitor.show(new Error('the disk is gone'));
    const blind = await scrape();
    expect(blind).not.toMatch(/backup_(status|age_hours|recovery_possible)/);
    expect(samples(blind).get('backup_monitor_errors_total')).toBeGreaterThan(0);
  });
});

describe('promtool', () => {
  /** The deployment guide's names are older than the conventions; none of ours may be complained of. */
  const GUIDE = ['backup_age_hours', 'volume_usage_percent'];

  test.each<[string, string]>([
    ['a healthy platform', text(healthySituation())],
    ['a broken one', text(brokenSituation())],
    ['one in doubt', text(inDoubt(healthySituation(), 'the "disk"\\ is gone'))],
    ['a real look', text(morning())],
  ])("finds nothing beyond the guide's own names in %s", (_, exposed) => {
    expect(complaints(exposed).filter((line) => !GUIDE.some((name) => line.startsWith(`${name} `)))).toEqual([]);
  });

  test('would find what is wrong', () => {
    const bad = { name: 'backup_hours_total', help: '', type: 'gauge', samples: [{ labels: {}, value: 1 }] } as const;
    expect(complaints(exposition([bad]))).not.toEqual([]);
    expect(complaints('backup_status{service="a} 1\n')).not.toEqual([]);
  });
});

function complaints(exposed: string): string[] {
  const { stdout, stderr, error } = spawnSync('promtool', ['check', 'metrics'], { input: exposed, encoding: 'utf8' });
  if (error !== undefined) throw error;
  return `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
}

test('a label may hold anything', () => {
  const samples_ = [{ labels: { volume: 'a"b\\c\nd' }, value: 1 }];
  expect(exposition([{ name: 'x', help: 'one\ntwo', type: 'gauge', samples: samples_ }])).toBe(
    '# HELP x one\\ntwo\n# TYPE x gauge\nx{volume="a\\"b\\\\c\\nd"} 1\n',
  );
});
