import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sqlite3 } from '../support/sqlite.ts';
import { containerOf, startDaemon } from '../support/system/daemon.ts';
import { damaged, filesOf, flip } from '../support/system/damage.ts';
import { leftovers } from '../support/system/nothing-left.ts';
import { openRig, type Rig, takeBackup } from '../support/system/rig.ts';
import { mountSmallDisk } from '../support/system/small-disk.ts';
import { CAN_MOUNT, requires, UNPRIVILEGED } from '../support/system/what-can-run.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig(['redis', 'application']);
});
afterAll(() => rig[Symbol.asyncDispose]());

const directory = (): string => path.join(rig.site.logs, 'validation');
const file = (): string => path.join(directory(), 'validation_results.db');

interface Row {
  readonly id: number;
  readonly backup_file: string;
  readonly service: string;
  readonly backup_type: string;
  readonly validation_timestamp: string;
  readonly file_integrity: number | null;
  readonly content_validity: number | null;
  readonly restoration_test: number | null;
  readonly file_size_bytes: number | null;
  readonly validation_duration_seconds: number;
  readonly error_messages: string;
  readonly warnings: string;
  readonly metadata: string;
}

/** As the sqlite3 program shows them, oldest first. */
async function rows(): Promise<Row[]> {
  const lines = await sqlite3(
    file(),
    `SELECT json_object('id', id, 'backup_file', backup_file, 'service', service, 'backup_type', backup_type,
      'validation_timestamp', validation_timestamp, 'file_integrity', file_integrity, 'content_validity',
      content_validity, 'restoration_test', restoration_test, 'file_size_bytes', file_size_bytes,
      'validation_duration_seconds', validation_duration_seconds, 'error_messages', error_messages, 'warnings',
      warnings, 'metadata', metadata) FROM validation_results ORDER BY id`,
  );
  return lines.map((line) => JSON.parse(line) as Row);
}

/** The rows that this work adds. */
async function added(work: () => Promise<unknown>): Promise<Row[]> {
  const before = await rows().catch(() => []);
  await work();
  return (await rows()).slice(before.length);
}

function metadataOf(row: Row | undefined): Record<string, unknown> {
  return JSON.parse(row?.metadata ?? 'null') as Record<string, unknown>;
}

const GOOD = { file_integrity: 1, content_validity: 1, restoration_test: null, error_messages: '[]' };

test('every backup is checked at once, and that is a row that says all of it', async () => {
  const { site } = rig;
  let id = '';
  const [row, ...others] = await added(async () => (id = await takeBackup(site, 'redis', 'weekly')));
  expect(others).toEqual([]);
  const main = `${site.backups}/redis/weekly/${id}.rdb.zst.enc`;
  expect(row).toMatchObject({ ...GOOD, backup_file: main, service: 'redis', backup_type: 'weekly' });
  const { backups } = await site.good(['list']);
  expect(row?.file_size_bytes).toBe((backups as { id: string; bytes: number }[]).find((each) => each.id === id)?.bytes);
  expect(row?.validation_duration_seconds).toBeGreaterThan(0);
  expect(Math.abs(Date.now() - Date.parse(row?.validation_timestamp ?? ''))).toBeLessThan(3_600_000);
  expect(metadataOf(row)).toEqual({
    backup: id,
    levels: ['integrity', 'content'],
    occasion: 'backup',
    trigger: 'command',
    artifacts: expect.arrayContaining([path.basename(main)]) as unknown,
    seconds: { integrity: expect.any(Number) as number, content: expect.any(Number) as number },
  });
  const guide = await sqlite3(file(), 'SELECT * FROM validation_results ORDER BY validation_timestamp DESC LIMIT 10;');
  expect(guide[0]).toContain(`|${main}|redis|weekly|`);
});

test('without VALIDATION_ENABLED nothing is checked, and nothing said to be', async () => {
  const environment = { VALIDATION_ENABLED: 'false' };
  expect(await added(() => rig.site.good(['backup', 'application', 'manual'], { environment }))).toEqual([]);
});

describe('the command validate', () => {
  test('in all its forms: one row for each backup that it looked at', async () => {
    const { site } = rig;
    const ids = [await takeBackup(site, 'redis'), await takeBackup(site, 'application')];
    const tar = (await filesOf(site, ids[1] ?? '')).find((each) => each.endsWith('.tar.zst.enc')) ?? '';
    const { backups: all } = await site.good(['list']);
    const counted = async (...words: string[]) =>
      (await added(() => site.good(['validate', ...words]))).map((each) => [
        each.service,
        metadataOf(each)['occasion'],
      ]);
    const [redis, application] = [
      ['redis', 'validate'],
      ['application', 'validate'],
    ];
    expect(await counted(ids[0] ?? '')).toEqual([redis]);
    expect(await counted('--file', tar)).toEqual([application]);
    expect(await counted('application')).toEqual([application]);
    expect(await counted()).toEqual([redis, application]);
    expect(await counted('--all')).toHaveLength((all as unknown[]).length);
  });

  test('a failed check is a row with its errors; what was not run after it is NULL', async () => {
    const id = await takeBackup(rig.site, 'application', 'weekly');
    const tar = (await filesOf(rig.site, id)).find((each) => each.endsWith('.tar.zst.enc')) ?? '';
    await using _damage = await damaged(tar, flip(20));
    const [row, ...others] = await added(async () => {
      expect((await rig.site.run(['validate', id])).code).toBe(3);
    });
    expect(others).toEqual([]);
    expect(row).toMatchObject({ backup_file: tar, file_integrity: 0, content_validity: null });
    expect(JSON.parse(row?.error_messages ?? '')).toEqual([expect.stringContaining(path.basename(tar)) as string]);
    const log = await readFile(path.join(directory(), 'backup_validator.log'), 'utf8');
    const said = log.split('\n').find((line) => line.includes('validation failed')) ?? '';
    expect(JSON.parse(said)).toMatchObject({ level: 'error', backup: id, integrity: false });
  });

  test('one whose manifest is not what was written has failed; one that is not there was not looked at', async () => {
    const id = await takeBackup(rig.site, 'application', 'manual');
    const manifest = (await filesOf(rig.site, id)).find((each) => each.endsWith('.metadata.json')) ?? '';
    {
      await using _damage = await damaged(manifest, flip(200));
      const [row] = await added(() => rig.site.run(['validate', id]));
      expect(row).toMatchObject({
        backup_file: manifest,
        file_integrity: 0,
        content_validity: null,
        file_size_bytes: null,
      });
    }
    expect(await added(() => rig.site.run(['validate', 'application_daily_20200101_000000']))).toEqual([]);
  });

  test('one that was interrupted is a row that says so, and how far it came', async () => {
    const id = await takeBackup(rig.site, 'application');
    const signalAt = { signal: 'SIGTERM', said: 'check content' } as const;
    const [row] = await added(async () => {
      expect((await rig.site.run(['validate', id], { signalAt })).code).toBe(143);
    });
    expect(row).toMatchObject({ file_integrity: 1, content_validity: null });
    expect(JSON.parse(row?.error_messages ?? '')).toEqual(['interrupted by SIGTERM']);
    expect(metadataOf(row)).toMatchObject({ stoppedBy: 'cancelled' });
  });
});

test('the safety copy of a restore is checked, and noted as such', async () => {
  const id = await takeBackup(rig.site, 'redis');
  const found = await added(async () => {
    await rig.site.good(['restore', id]);
    await rig.site.good(['recover', 'rollback']);
  });
  expect(found.map((each) => metadataOf(each)['occasion'])).toContain('safety copy');
});

describe('through an agent', () => {
  test('a validation is noted once, where it was done, and warnings reach who asked', async () => {
    const { site } = rig;
    await using daemon = await startDaemon(site, ['redis']);
    const environment = containerOf(site, []);
    const inContainer = { environment: { ...environment, BACKUP_SERVICES: 'redis' } };
    const before = await added(() => site.good(['backup', 'redis', 'daily'], inContainer));
    expect(before.map((each) => metadataOf(each)['occasion'])).toEqual(['backup']);
    const after = await added(() => site.good(['validate', 'redis'], inContainer));
    expect(after).toMatchObject([{ ...GOOD, service: 'redis' }]);
    await writeFile(file(), 'x'.repeat(5000));
    const run = await site.run(['validate', 'redis'], inContainer);
    expect(run).toMatchObject({ code: 0, stderr: expect.stringContaining('damaged and set aside') as string });
    expect(await rows()).toHaveLength(1);
    expect(await leftovers(site, [daemon.pid])).toEqual([]);
  });

  test('two processes that validate at once both have their rows', async () => {
    const found = await added(() =>
      Promise.all(['redis', 'application'].map((service) => rig.site.good(['validate', service]))),
    );
    expect(found.map((each) => each.service).toSorted()).toEqual(['application', 'redis']);
  });
});

test('the daily care of serve is noted, with what made it begin', async () => {
  const records = path.join(rig.site.state, 'scheduler', 'application.json');
  await mkdir(path.dirname(records), { recursive: true });
  await writeFile(records, JSON.stringify({ care: { slot: '2026-01-01T05:00:00.000Z', state: 'ended' } }));
  const found = await added(async () => {
    await using daemon = await startDaemon(rig.site, ['application'], { CLEANUP_ENABLED: 'false' }, []);
    await daemon.says('application validate: done');
  });
  expect(found).toMatchObject([{ ...GOOD, service: 'application' }]);
  expect(metadataOf(found[0])).toMatchObject({ occasion: 'validate', trigger: 'schedule' });
});

describe('what cannot be noted is a warning, and fails nothing', () => {
  const expectGood = async (said: string | RegExp, under: readonly string[] = []): Promise<void> => {
    const run = await rig.site.run(['--quiet', 'backup', 'application', 'manual'], { under });
    expect(run).toMatchObject({ code: 0, stderr: expect.stringMatching(said) as string });
    expect(run.stderr).not.toContain('error');
    expect(await leftovers(rig.site)).toEqual([]);
  };

  test('a place that is no directory', async () => {
    await rm(directory(), { recursive: true });
    await writeFile(directory(), '');
    await expectGood(/^warning: this validation could not be noted in the history \(backup application_manual_/);
    await rm(directory());
  });

  test('a database that may not be written', async () => {
    await takeBackup(rig.site, 'application');
    await using _rights = await withoutWriting(directory());
    await expectGood(/warning: this validation could not be noted .*(denied|read-?only|unable to open)/i, UNPRIVILEGED);
  });

  test('a full disk', async (context) => {
    requires(CAN_MOUNT, 'root, to mount a small disk', context);
    await using _disk = await mountSmallDisk(directory(), '4k');
    await expectGood(/warning: this validation could not be noted .*(full|no room|space)/);
  });
});

/** Takes the right to write from a directory and what is in it, for a while. */
async function withoutWriting(place: string): Promise<AsyncDisposable> {
  const all = [place, ...(await readdir(place)).map((name) => path.join(place, name))];
  for (const each of all) await chmod(each, 0o500);
  return {
    async [Symbol.asyncDispose]() {
      for (const each of all) await chmod(each, 0o700);
    },
  };
}
