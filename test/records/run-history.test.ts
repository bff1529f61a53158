import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RunRecord } from '../../src/model/runs.ts';
import { RunHistory } from '../../src/records/run-history.ts';
import { testProcesses } from '../support/file-backup.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'runs-'));
});
afterEach(() => rm(directory, { recursive: true }));

const fileOf = (service: string): string => path.join(directory, 'runs', `${service}.jsonl`);

function run(seconds: number, more: Partial<RunRecord> = {}): RunRecord {
  const began = new Date(Date.parse('2026-08-16T04:00:00.000Z') + seconds * 1000).toISOString();
  return { kind: 'backup', service: 'redis', type: 'daily', began, seconds, code: 0, trigger: 'command', ...more };
}

test('a history that nobody has begun is empty', async () => {
  expect(await new RunHistory(directory).read('redis')).toEqual({ runs: [], totals: [], torn: false });
});

test('every run is read as it was noted, oldest first, by service', async () => {
  const history = new RunHistory(directory);
  const runs = [
    run(1),
    run(2, { code: 3, message: 'redis: damaged', id: 'redis_daily_20260816_040000' }),
    run(3, { kind: 'validate', trigger: 'schedule', slot: '2026-08-16T04:00:00.000Z' }),
  ];
  for (const each of runs) expect(await history.append(each, testProcesses)).toEqual({ torn: false });
  await history.append(run(4, { service: 'postgres' }), testProcesses);
  expect(await history.read('redis')).toMatchObject({ runs, torn: false });
  expect((await history.read('postgres')).runs).toHaveLength(1);
});

test('a line cut by a crash, at any byte, is left out and said, and the next run mends it', async () => {
  const history = new RunHistory(directory);
  await history.append(run(1), testProcesses);
  const { length } = await readFile(fileOf('redis'));
  await history.append(run(2), testProcesses);
  const whole = await readFile(fileOf('redis'));
  for (let cut = length + 1; cut < whole.length; cut += 7) {
    await writeFile(fileOf('redis'), whole.subarray(0, cut));
    expect(await history.read('redis')).toMatchObject({ runs: [run(1)], torn: true });
    expect(await history.append(run(3), testProcesses)).toEqual({ torn: true });
    expect(await history.read('redis')).toMatchObject({ runs: [run(1), run(3)], torn: false });
  }
  await truncate(fileOf('redis'), 0);
  expect(await history.read('redis')).toMatchObject({ runs: [], torn: false });
});

test('a line that is no run is left out and said; the others count', async () => {
  const history = new RunHistory(directory);
  await history.append(run(1), testProcesses);
  for (const line of ['null', '{}', '[]', 'no json', JSON.stringify({ ...run(2), kind: 'nothing' })]) {
    await appendFile(fileOf('redis'), `${line}\n`);
  }
  await history.append(run(3), testProcesses);
  expect(await history.read('redis')).toMatchObject({ runs: [run(1), run(3)], torn: true });
});

test('is bounded, and what was left out is still counted', async () => {
  const history = new RunHistory(directory, 10);
  const all = Array.from({ length: 95 }, (_, index) => run(index, { code: [0, 4, 1][index % 3] ?? 0 }));
  for (const each of all) await history.append(each, testProcesses);
  const { runs, totals, torn } = await history.read('redis');
  expect(torn).toBe(false);
  expect(runs.length).toBeLessThanOrEqual(10);
  expect(runs).toEqual(all.slice(-runs.length));
  expect(totals).toEqual(
    expect.arrayContaining([
      { kind: 'backup', type: 'daily', result: 'success', count: 64 },
      { kind: 'backup', type: 'daily', result: 'failure', count: 31 },
    ]),
  );
  expect(totals).toHaveLength(2);
});

test('processes that append at the same time, one of them shortening it, lose nothing', async () => {
  const script = path.join(import.meta.dirname, 'append-run-script.ts');
  await mkdir(path.join(directory, 'runs'));
  await appendFile(fileOf('redis'), '{"kind":"backup","torn');
  const children = [0, 1, 2].map((number) =>
    spawn(process.execPath, [script, directory, String(number * 100), '20'], { stdio: 'inherit' }),
  );
  const shortening = new RunHistory(directory, 20);
  for (let index = 0; index < 10; index += 1) await shortening.append(run(1000 + index), testProcesses);
  expect((await Promise.all(children.map((each) => once(each, 'exit')))).map(([code]) => code as unknown)).toEqual([
    0, 0, 0,
  ]);
  const { totals, torn } = await new RunHistory(directory).read('redis');
  expect(torn).toBe(false);
  expect(totals).toEqual([{ kind: 'backup', type: 'daily', result: 'success', count: 70 }]);
});

test('a place that cannot be written is an error that says where', async () => {
  await writeFile(path.join(directory, 'runs'), '');
  await expect(new RunHistory(directory).append(run(1), testProcesses)).rejects.toThrow('runs');
});
