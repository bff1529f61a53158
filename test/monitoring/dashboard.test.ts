import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { dashboardJson } from '../../scripts/monitoring/dashboard.ts';
import { type Figure, SECTIONS } from '../../scripts/monitoring/panels.ts';
import type { Situation } from '../../src/model/situation.ts';
import { type RunningMonitor, runMonitor } from '../daemons/monitor/rig.ts';
import { type PromSample, type RunningPrometheus, startPrometheus } from '../support/receivers/prometheus.ts';
import { brokenSituation, healthySituation } from '../support/situations.ts';

const PLACE = path.join(import.meta.dirname, '..', '..', 'backup', 'monitoring');
const RULES = path.join(PLACE, 'backup-alerts.yml');
const FIGURES = SECTIONS.flatMap(({ figures }) => figures);

/** Of each type its newest attempt is judged by how its run ended. */
function judged(situation: Situation): Situation {
  const services = situation.services.map((each) => {
    const types = each.types.map((type) => Object.assign({}, type, { good: (type.lastRun?.code ?? 0) === 0 }));
    return Object.assign({}, each, { types });
  });
  return { ...situation, services };
}

test('the file is the one that its description makes', async () => {
  expect(await readFile(path.join(PLACE, 'grafana-dashboard-backup.json'), 'utf8'), 'npm run dashboard').toBe(
    dashboardJson(),
  );
});

describe('with a Prometheus that scrapes a monitor', () => {
  let monitor: RunningMonitor;
  let prometheus: RunningPrometheus;
  beforeAll(async () => {
    monitor = await runMonitor(judged(healthySituation(new Date().toISOString())));
    prometheus = await startPrometheus(monitor.url, RULES);
  });
  afterAll(async () => {
    await prometheus[Symbol.asyncDispose]();
    await monitor[Symbol.asyncDispose]();
  });

  const ask = ({ expr }: Figure): Promise<readonly PromSample[]> =>
    prometheus.query(expr.replaceAll(/\$(?:job|service)/g, '.*'));

  /** What each figure shows, by its title. */
  async function shown(): Promise<Map<string, readonly PromSample[]>> {
    const found = new Map<string, readonly PromSample[]>();
    for (const each of FIGURES) found.set(each.title, await ask(each));
    return found;
  }

  const empty = (found: ReadonlyMap<string, readonly PromSample[]>): string[] =>
    [...found].filter(([, samples]) => samples.length === 0).map(([title]) => title);
  const value = (found: ReadonlyMap<string, readonly PromSample[]>, title: string): string | undefined =>
    found.get(title)?.[0]?.value[1];

  /** Rules that found what they are about; each waits before it fires, and its group is looked at once a second. */
  async function waiting(expected: readonly string[]): Promise<void> {
    await vi.waitFor(
      async () => {
        const rules = await prometheus.rules();
        const found = new Set(rules.flatMap(({ name, alerts }) => (alerts.length > 0 ? [name] : [])));
        expect([...found].toSorted()).toEqual(expected);
      },
      { timeout: 30_000, interval: 500 },
    );
  }

  test('of a healthy platform every figure has data, but those that say trouble; no rule waits to fire', async () => {
    await prometheus.finds('count_over_time(backup_runs_total[1m]) > 3');
    const found = await shown();
    expect(empty(found)).toEqual(['What needs a person', 'Full in', 'Locked for']);
    for (const [title, samples] of found)
      for (const each of samples) expect(Number.isFinite(Number(each.value[1])), title).toBe(true);
    expect([value(found, 'Recovery possible'), value(found, 'Needs a person')]).toEqual(['1', '0']);
    const rules = await prometheus.rules();
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    await waiting([]);
  });

  test('of a broken one the figures say so, and the rules begin to wait', async () => {
    await monitor.show(judged(brokenSituation(new Date().toISOString())));
    await prometheus.finds('backup_recovery_possible == 0');
    await prometheus.finds('ALERTS{alertname="BackupRecoveryImpossible"}');
    const found = await shown();
    expect(empty(found)).toEqual(['Back to', 'Last recovery took', 'Skew of the point']);
    expect(value(found, 'Recovery possible')).toBe('0');
    expect(Number(value(found, 'Needs a person'))).toBe(found.get('What needs a person')?.length);
    await waiting([
      'BackupFailed',
      'BackupKeysNotExported',
      'BackupManifestDamaged',
      'BackupNeedsAttention',
      'BackupNotVerified',
      'BackupRecoveryImpossible',
      'BackupRetentionOff',
      'BackupRpoMissed',
      'BackupSchedulerSilent',
      'BackupSequenceGap',
      'BackupStale',
      'VolumeFillingUp',
      'VolumeUsageHigh',
    ]);
  });

  test('of one that cannot be seen nothing is shown but that', async () => {
    await monitor.show(new Error('i/o error'));
    await prometheus.finds('backup_condition{name="MonitorBlind"}');
    await prometheus.finds('ALERTS{alertname="BackupMonitorBlind"}');
    const found = await shown();
    // How many runs there were in the last day is still known.
    const known = /backup_monitor|backup_condition|increase/;
    const own = FIGURES.filter(({ expr }) => known.test(expr)).map(({ title }) => title);
    expect([...found.keys()].filter((title) => !empty(found).includes(title))).toEqual(own);
    expect(value(found, 'Needs a person')).toBe('1');
    await waiting(['BackupMonitorBlind']);
  });
});
