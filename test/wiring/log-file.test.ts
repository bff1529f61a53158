import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLog } from '../../src/wiring/log-file.ts';
import { operatorLog } from '../../src/wiring/operator-log.ts';

const NOW = '2026-08-16T02:00:00.000Z';
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'logs-'));
});
afterAll(() => rm(directory, { recursive: true }));

test.each([
  ['backup', 'backup/backup_20260816.log'],
  ['restore', 'restore/disaster_recovery_20260816_020000.log'],
  ['validation', 'validation/backup_validator.log'],
] as const)('a run of kind %s writes %s, and only once there is something to write', async (kind, file) => {
  const told: string[] = [];
  const logs = path.join(directory, kind);
  const log = openLog(logs, kind, NOW, (line) => told.push(line));
  expect(await readdir(directory)).not.toContain(kind);
  log.info('step', { service: 'redis' });
  log.warn('set aside a file', { key: 'redis/x' });
  const lines = (await readFile(path.join(logs, file), 'utf8')).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    expect.objectContaining({ level: 'info', msg: 'step', service: 'redis' }),
    expect.objectContaining({ level: 'warn', msg: 'set aside a file', key: 'redis/x' }),
  ]);
  expect(told).toEqual(['warning: set aside a file (key redis/x)']);
});

test('a directory that cannot be written is said once; warnings still reach the operator', async () => {
  const file = path.join(directory, 'file');
  await writeFile(file, '');
  const told: string[] = [];
  const log = openLog(file, 'backup', NOW, (line) => told.push(line));
  log.info('step');
  log.warn('low on room');
  log.error('failed');
  expect(told).toEqual([expect.stringMatching(/^warning: there is no log file: .*ENOTDIR/), 'warning: low on room']);
});

test('a directory that nothing can be made in does not keep the run waiting', () => {
  const told: string[] = [];
  openLog('/proc/nowhere', 'backup', NOW, (line) => told.push(line)).info('step');
  expect(told).toEqual([expect.stringMatching(/^warning: there is no log file: creating \/proc\/nowhere/)]);
});

test('a disk that becomes full under the log is said once and ends nothing', async () => {
  const logs = path.join(directory, 'full');
  await mkdir(path.join(logs, 'backup'), { recursive: true });
  await symlink('/dev/full', path.join(logs, 'backup/backup_20260816.log'));
  const told: string[] = [];
  const log = openLog(logs, 'backup', NOW, (line) => told.push(line));
  log.info('step');
  log.info('step');
  log.warn('low on room');
  expect(told).toEqual([
    expect.stringMatching(/^warning: the log file cannot be written: ENOSPC/),
    'warning: low on room',
  ]);
});

test('a command that only looks tells the operator, and only what needs one', () => {
  const told: string[] = [];
  const log = operatorLog((line) => told.push(line));
  log.info('step');
  log.warn('odd');
  expect(told).toEqual(['warning: odd']);
});
