import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { complaintOf, documentOf, type ProgramRun, runProgram } from '../support/system/program.ts';

let directory: string;
let environment: Record<string, string>;
beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'schedule-'));
  environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: directory,
    XDG_CACHE_HOME: path.join(os.homedir(), '.cache'),
    SCHEDULE_FILE: path.join(directory, 'schedule.conf'),
    TZ: 'UTC',
  };
});
afterAll(() => rm(directory, { recursive: true }));

async function run(
  args: readonly string[],
  file: string,
  more: Readonly<Record<string, string>> = {},
): Promise<ProgramRun> {
  await writeFile(path.join(directory, 'schedule.conf'), file);
  return await runProgram([...args], { environment: { ...environment, ...more } });
}

interface Shown {
  readonly service: string;
  readonly type: string;
  readonly cron: string | null;
  readonly words: string | null;
  readonly next: string | null;
  readonly inSeconds: number | null;
  readonly off: boolean;
  readonly where: string;
}

function shownIn(document: Readonly<Record<string, unknown>>): Shown[] {
  return document['schedules'] as Shown[];
}

test('says of every type when it is next, in words and 80 columns, and of which time zone', async () => {
  const { code, stdout, stderr } = await run(['schedule'], '');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^the times are those of UTC, where it is \w{3} \d+ \w{3} \d{4} \d\d:\d\d UTC now\n/);
  expect(stdout).toMatch(
    /^postgres daily: every day at 02:00, next \w{3} \d+ \w{3}( \d{4})? 02:00 UTC, in \d+ (h|min|s)$/m,
  );
  expect(stdout).toMatch(/^redis weekly: every Sunday at 03:00, next Sun /m);
  expect(stdout).toContain('\nneo4j: no schedule for hourly, monthly, yearly, manual, schema\n');
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(await readdir(directory)).toEqual(['schedule.conf']); // it looks, and makes nothing
});

const FILE = 'POSTGRES_WEEKLY_SCHEDULE=off\nAPPLICATION_MONTHLY_SCHEDULE="5 4 1,15,20,28 1,4,7,10 *"\n';

test('says where what was set was set, what is off, and what words cannot say', async () => {
  const more = { REDIS_HOURLY_SCHEDULE: '*/7 * * * *', REDIS_YEARLY_SCHEDULE: '0 0 30 2 *' };
  const { code, stdout } = await run(['schedule', 'all'], FILE, more);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^postgres weekly: off \(\S+schedule\.conf line 1\)$/m);
  expect(stdout.replaceAll('\n    ', ' ')).toMatch(
    /^application monthly: the 1st, 15th, 20th and 28th of January, April, July and October at 04:05, next .* \(\S+schedule\.conf line 2\)$/m,
  );
  expect(stdout.replaceAll('\n    ', ' ')).toMatch(
    /^redis hourly: "\*\/7 \* \* \* \*", next .* in \d+ (s|min) \(environment variable REDIS_HOURLY_SCHEDULE\)$/m,
  );
  expect(stdout).toMatch(/^redis yearly: the 30th of February at 00:00, which no day ever meets/m);
  expect(stdout.split('\n').filter((line) => line.length > 80 && line.includes(' '))).toEqual([]);
});

test('as JSON is the same, soonest first, of one service where one was asked for', async () => {
  const { code, stdout } = await run(['--json', 'schedule', 'postgres'], FILE, { TZ: 'Europe/Berlin' });
  const document = documentOf({ code, stdout, stderr: '', killedBy: null });
  expect(document).toMatchObject({ ok: true, zone: 'Europe/Berlin' });
  const shown = shownIn(document);
  expect(new Set(shown.map(({ service }) => service))).toEqual(new Set(['postgres']));
  const daily = shown.find(({ type }) => type === 'daily');
  expect(daily).toMatchObject({ cron: '0 2 * * *', words: 'every day at 02:00', off: false, where: 'default' });
  const wall = new Date(daily?.next ?? '').toLocaleTimeString('en-GB', { timeZone: 'Europe/Berlin' });
  expect(wall).toMatch(/^0[23]:00:00$/); // 03:00 where the hour before is left out
  expect((Date.parse(daily?.next ?? '') - Date.parse(String(document['at']))) / 1000).toBe(daily?.inSeconds);
  expect(shown.find(({ type }) => type === 'weekly')).toMatchObject({ cron: null, next: null, off: true });
  const nexts = shown.flatMap(({ next }) => next ?? []);
  expect(nexts).toEqual(nexts.toSorted());
  expect(shown.slice(0, nexts.length).every(({ next }) => next !== null)).toBe(true);
});

test('is only of the services of this platform', async () => {
  const { stdout } = await run(['schedule'], '', { BACKUP_SERVICES: 'redis' });
  expect(stdout).toContain('redis daily');
  expect(stdout).not.toMatch(/postgres|neo4j|application/);
  const none = await run(['schedule'], 'REDIS_DAILY_SCHEDULE=off\nREDIS_WEEKLY_SCHEDULE=off', {
    BACKUP_SERVICES: 'redis',
  });
  expect(none.stdout).toContain('\nnothing has a schedule\n');
});

test('of a broken file is exit 2 with all of its errors, and nothing else', async () => {
  const broken = 'REDIS_DAILY_SCHEDULE="0 25 * * *"\nREDIS_WEKLY_SCHEDULE=off\nREDIS_HOURLY_SCHEDULE="5/15 * * * *"\n';
  const ended = await run(['schedule'], broken);
  expect(ended).toMatchObject({ code: 2, stdout: '' });
  const { errors } = complaintOf(ended);
  expect(errors).toHaveLength(3);
  expect(errors.join('\n')).toMatch(/unknown key REDIS_WEKLY_SCHEDULE/);
  expect(errors.join('\n')).toMatch(/"5\/15 \* \* \* \*" is not allowed/);
  expect(await run(['schedule', 'mysql'], '')).toMatchObject({ code: 2, stdout: '' });
});
