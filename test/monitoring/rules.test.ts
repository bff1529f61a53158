import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { never } from '../agents/scene.ts';
import { testProcesses } from '../support/file-backup.ts';
import { BACKUPS_CASES } from './backups-cases.ts';
import { PLATFORM_CASES } from './platform-cases.ts';
import type { RuleCase } from './series.ts';

const CASES = [...BACKUPS_CASES, ...PLATFORM_CASES];

const RULES = path.join(import.meta.dirname, '..', '..', 'backup', 'monitoring', 'backup-alerts.yml');

let directory: string;
let rules: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'rules-'));
  rules = await readFile(RULES, 'utf8');
});
afterAll(() => rm(directory, { recursive: true }));

const promtool = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
  testProcesses.run({ file: 'promtool', args }, never);

/** A rule that waits for hours is looked at every ten minutes, any other every minute. */
const LONG = 200;

/** What promtool says of the cases; fails when it finds one that is not as it is to be. Its tests are YAML: JSON is. */
async function judge(file: string, cases: readonly RuleCase[]): Promise<string> {
  const files = await Promise.all(
    [1, 10].map(async (minutes) => {
      const name = path.join(directory, `tests-every-${minutes}.json`);
      const tests = cases.filter(({ at }) => at > LONG === minutes > 1).map((each) => testOf(each, minutes));
      await writeFile(name, JSON.stringify({ rule_files: [file], evaluation_interval: `${minutes}m`, tests }));
      return name;
    }),
  );
  return (await promtool('test', 'rules', ...files)).stdout;
}

function testOf({ series, alert, at, fires, sudden }: RuleCase, minutes: number): object {
  // The looks of promtool begin at 0: one that falls beside them sees what the last one found.
  const firing = { eval_time: `${at}m`, alertname: alert, exp_alerts: fires.map(expected) };
  const before = { eval_time: `${at - minutes}m`, alertname: alert, exp_alerts: [] };
  return {
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: fires.length === 0 || sudden === false ? [firing] : [before, firing],
  };
}

function expected({ labels, summary, description }: RuleCase['fires'][number]): object {
  return { exp_labels: labels, exp_annotations: { summary, description } };
}

const names = (): string[] => [...new Set([...rules.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name = '']) => name))];

test('promtool finds no fault with them', async () => {
  expect((await promtool('check', 'rules', RULES)).stdout).toContain(`SUCCESS: ${names().length} rules found`);
});

test('the examples beside them are good', async () => {
  const beside = path.dirname(RULES);
  await promtool('check', 'config', path.join(beside, 'prometheus-scrape.yml'));
  const args = ['check-config', path.join(beside, 'alertmanager-example.yml')];
  const { stdout } = await testProcesses.run({ file: 'amtool', args }, never);
  expect(stdout).toContain('2 receivers');
});

test('every alert is shown firing and silent', () => {
  for (const fires of [true, false]) {
    const shown = CASES.filter((each) => each.fires.length > 0 === fires).map(({ alert }) => alert);
    expect(names().filter((name) => !shown.includes(name))).toEqual([]);
  }
});

test('each fires when it is to, not before, and not otherwise', async () => {
  expect(await judge(RULES, CASES)).toContain('SUCCESS');
});

/** A test that a broken rule passes would be none. */
describe('a rule that is broken is found', () => {
  const HARMS: readonly [string, string, (text: string) => string][] = [
    [
      "the guide's: 26 hours for every type",
      'BackupStale',
      (text) => text.replace(/backup_age_hours \* 3600.*/, 'backup_age_hours > 26'),
    ],
    ['no waiting', 'BackupFailed', (text) => text.replaceAll(/^ +for: .*\n/gm, '')],
    ['a limit that is never reached', 'BackupSequenceGap', (text) => text.replaceAll(/> (\d)/g, '> 1e12 + $1')],
    ['a limit that is passed too early', 'BackupKeyOld', (text) => text.replace('400 *', '366 *')],
    ['another severity', 'BackupRecoveryImpossible', (text) => text.replaceAll('critical', 'warning')],
    ['no metric of that name', 'BackupKeyOld', (text) => text.replaceAll('backup_key_', 'backup_keys_')],
  ];
  test.each(HARMS)('%s', async (_, alert, harm) => {
    const broken = harm(rules);
    expect(broken).not.toBe(rules);
    const file = path.join(directory, 'broken.yml');
    await writeFile(file, broken);
    const cases = CASES.filter((each) => each.alert === alert);
    await expect(judge(RULES, cases)).resolves.toContain('SUCCESS');
    await expect(judge(file, cases)).rejects.toThrow('promtool failed');
  });
});
