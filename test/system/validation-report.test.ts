import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { containerOf } from '../support/system/daemon.ts';
import { damaged, filesOf, flip, gone } from '../support/system/damage.ts';
import { leftovers } from '../support/system/nothing-left.ts';
import { documentOf } from '../support/system/program.ts';
import { openRig, type Rig, takeBackup } from '../support/system/rig.ts';
import { mountSmallDisk } from '../support/system/small-disk.ts';
import { CAN_MOUNT, requires } from '../support/system/what-can-run.ts';

let rig: Rig;
let redis: string;
let application: string;
beforeAll(async () => {
  rig = await openRig(['redis', 'application']);
  await takeBackup(rig.site, 'redis');
  redis = await takeBackup(rig.site, 'redis');
  application = await takeBackup(rig.site, 'application');
});
afterAll(() => rig[Symbol.asyncDispose]());

const directory = (): string => path.join(rig.site.logs, 'validation');

async function written(name: string): Promise<string> {
  return await readFile(path.join(directory(), name), 'utf8');
}

test('is printed to be read in 80 columns, and written as text and as JSON', async () => {
  const run = await rig.site.run(['--quiet', 'validate', '--all', '--report']);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(run.stdout).toMatch(/^VALIDATION: good - 3 backups checked: 3 good, 0 bad\nas of \S+ \S+ UTC; all backups; /);
  const [text = '', json = ''] = run.stdout.trim().split('\n').slice(-2);
  expect(text).toMatch(/\/validation\/validation_report_\d{8}_\d{6}\.txt$/);
  const printed = run.stdout.slice(0, run.stdout.indexOf(text)).trimEnd();
  expect(printed.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(await readFile(text, 'utf8')).toBe(`${printed}\n`);
  expect(await written('validation_report_latest.txt')).toBe(`${printed}\n`);
  expect(JSON.parse(await readFile(json, 'utf8'))).toMatchObject({
    format: 1,
    selection: 'all',
    summary: { backups: 3, good: 3, bad: 0, damage: 0, troubles: 0, warnings: 0 },
  });
  expect((await readdir(directory())).filter((name) => name.endsWith('.part'))).toEqual([]);
});

test('as --json it is the document that was written', async () => {
  for (const words of [['--all'], [redis], ['redis'], []]) {
    const document = documentOf(await rig.site.run(['--json', 'validate', ...words, '--report']));
    const { ok, exitCode, warnings, errors, files, ...rest } = document;
    expect({ ok, exitCode, warnings, errors }).toEqual({ ok: true, exitCode: 0, warnings: [], errors: [] });
    const { json } = files as { json: string };
    expect(JSON.parse(await readFile(json, 'utf8'))).toEqual(rest);
    expect(JSON.parse(await written('validation_report_latest.json'))).toEqual(rest);
  }
});

test('says first what is bad: a failed check, a gap, and a service that could not be looked at', async () => {
  await using stack = new AsyncDisposableStack();
  const [first = ''] = (await readdir(path.join(rig.site.backups, 'redis', 'daily'))).toSorted();
  for (const file of await filesOf(rig.site, first.split('.')[0] ?? '')) stack.use(await damaged(file, gone));
  const rdb = (await filesOf(rig.site, redis)).find((each) => each.endsWith('.rdb.zst.enc')) ?? '';
  stack.use(await damaged(rdb, flip(20)));
  const environment = containerOf(rig.site, ['redis']); // nobody answers for the application
  const run = await rig.site.run(['--quiet', 'validate', '--all', '--report'], { environment });
  expect(run.code).toBe(3);
  const lines = run.stdout.split('\n');
  expect(lines[0]).toBe('VALIDATION: BAD - 1 backup checked: 0 good, 1 bad; 1 finding of damage; 1 could');
  expect(lines).toContain('NEEDS YOU: 3');
  expect(run.stdout).toContain(`!! ${redis} failed its integrity check:`);
  expect(run.stdout).toMatch(/^!! redis: .*missing/m);
  expect(run.stdout).toContain('!! application: the agent of application is not there');
  expect(run.stdout).toMatch(/^ {2}content +not run$/m);
  expect(lines.filter((line) => line.length > 80 && !line.includes('/'))).toEqual([]);
  const { summary, troubles } = JSON.parse(await written('validation_report_latest.json')) as Record<string, unknown>;
  expect(summary).toEqual({ backups: 1, good: 0, bad: 1, damage: 1, troubles: 1, warnings: 0 });
  expect(troubles).toMatchObject([{ service: 'application', kind: 'unreachable' }]);
  expect(run.stderr).toContain('note: not everything could be validated');
});

test('what could not be looked at is 7, and does not hide what was', async () => {
  const environment = containerOf(rig.site, ['redis']);
  await rig.site.good(['validate', '--all']);
  const run = await rig.site.run(['--quiet', 'validate', '--all'], { environment });
  expect(run).toMatchObject({ code: 7, stdout: expect.stringContaining(redis) as string });
  expect(run.stdout).not.toContain(application);
});

test('where there is no backup it says so, with the exit code that says so', async () => {
  const place = path.join(rig.site.directory, 'nothing');
  const empty = { BACKUP_DIR: place, STATE_DIR: place };
  const run = await rig.site.run(['--quiet', 'validate', '--all', '--report'], { environment: empty });
  expect(run).toMatchObject({ code: 5, stderr: expect.stringContaining('there is no backup to validate') as string });
  expect(run.stdout).toMatch(/^VALIDATION: NOTHING CHECKED/);
});

test('one that cannot be written is printed all the same, and what is missing is a warning', async (context) => {
  requires(CAN_MOUNT, 'root, to mount a small disk', context);
  await using _disk = await mountSmallDisk(directory(), '48k');
  await rig.site.good(['validate', 'redis', '--report']);
  const before = await written('validation_report_latest.json');
  await writeFile(path.join(directory(), 'filler'), Buffer.alloc(100_000)).catch(() => undefined);
  const run = await rig.site.run(['--quiet', 'validate', '--all', '--report']);
  expect(run).toMatchObject({ code: 4, stderr: expect.stringContaining('the report could not be written') as string });
  expect(run.stdout).toMatch(/^VALIDATION: good - 3 backups/);
  expect(await written('validation_report_latest.json')).toBe(before);
  expect(await leftovers(rig.site)).toEqual([]);
  expect((await readdir(directory())).filter((name) => name.endsWith('.part'))).toEqual([]);
});
