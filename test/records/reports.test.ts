import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { dailyReport } from '../../src/daemons/monitor/observers.ts';
import { BACKUP_REPORTS, Reports, REPORTS } from '../../src/records/reports.ts';
import { never, scratch } from '../support/repository.ts';
import { healthySituation } from '../support/situations.ts';

test('a report has the time in its name, and the newest another that stays', async () => {
  await using logs = await scratch();
  const reports = new Reports(logs.path, BACKUP_REPORTS);
  expect(await reports.hasOf('2026-08-17T23:59:59.000Z')).toBe(false);
  await reports.write({ day: 1 }, '2026-08-16T02:03:04.567Z');
  const file = await reports.write({ day: 2 }, '2026-08-17T02:03:04.567Z');
  const directory = path.join(logs.path, 'monitoring');
  expect(file).toBe(path.join(directory, 'backup_report_20260817_020304.json'));
  expect(await reports.hasOf('2026-08-17T23:59:59.000Z')).toBe(true);
  expect(await reports.hasOf('2026-08-18T00:00:00.000Z')).toBe(false);
  expect((await readdir(directory)).toSorted()).toEqual([
    'backup_report_20260816_020304.json',
    'backup_report_20260817_020304.json',
    'backup_report_latest.json',
  ]);
  expect(JSON.parse(await readFile(path.join(directory, 'backup_report_latest.json'), 'utf8'))).toEqual({ day: 2 });
});

test('old ones are removed, what is not ours stays', async () => {
  await using logs = await scratch();
  const reports = new Reports(logs.path, BACKUP_REPORTS);
  const first = await reports.write({}, '2020-01-01T00:00:00.000Z');
  const directory = path.dirname(first);
  await writeFile(path.join(directory, 'backup_report_mine.json'), '');
  for (let day = 0; day < 400; day += 1)
    await writeFile(path.join(directory, `backup_report_2021${String(1000 + day)}_000000.json`), '');
  await reports.write({}, '2026-01-01T00:00:00.000Z');
  const left = await readdir(directory);
  expect(left).toHaveLength(400 + 2);
  expect(left).toContain('backup_report_mine.json');
  expect(left).not.toContain(path.basename(first));
});

test('of validations fewer are kept, of each form for itself', async () => {
  await using logs = await scratch();
  const reports = new Reports(logs.path, REPORTS.validation);
  for (let minute = 10; minute < 75; minute += 1) {
    const at = new Date(Date.parse('2026-08-16T02:00:00.000Z') + minute * 60_000).toISOString();
    await reports.writeText(`minute ${minute}\n`, at, 'txt');
    if (minute < 20) await reports.write({ minute }, at);
  }
  const left = await readdir(path.join(logs.path, 'validation'));
  expect(left.filter((name) => name.endsWith('.txt'))).toHaveLength(60 + 1);
  expect(left.filter((name) => name.endsWith('.json'))).toHaveLength(10 + 1);
  expect(left).not.toContain('validation_report_20260816_021400.txt');
  expect(await readFile(path.join(logs.path, 'validation', 'validation_report_latest.txt'), 'utf8')).toBe(
    'minute 74\n',
  );
});

test('the monitor writes one a day, and none of what it cannot see', async () => {
  await using logs = await scratch();
  const observe = dailyReport(logs.path);
  const blind = healthySituation('2026-11-22T10:00:00.000Z');
  await observe({ ...blind, recovery: { ...blind.recovery, possible: 'unknown' } }, never);
  for (const at of ['2026-11-23T00:01:00.000Z', '2026-11-23T12:00:00.000Z', '2026-11-24T00:01:00.000Z'])
    await observe(healthySituation(at), never);
  expect((await readdir(path.join(logs.path, 'monitoring'))).toSorted()).toEqual([
    'backup_report_20261123_000100.json',
    'backup_report_20261124_000100.json',
    'backup_report_latest.json',
  ]);
});

test('a clock that was ahead for a while makes neither more reports of a day nor fewer', async () => {
  await using logs = await scratch();
  const observe = dailyReport(logs.path);
  for (const at of ['2031-01-01T00:00:00.000Z', '2026-11-23T12:00:00.000Z', '2026-11-23T12:05:00.000Z'])
    await observe(healthySituation(at), never);
  expect((await readdir(path.join(logs.path, 'monitoring'))).toSorted()).toEqual([
    'backup_report_20261123_120000.json',
    'backup_report_20310101_000000.json',
    'backup_report_latest.json',
  ]);
});
