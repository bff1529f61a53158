import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ValidationRecord } from '../../src/model/validation-records.ts';
import { ValidationHistory } from '../../src/records/validation-history.ts';
import { testProcesses } from '../support/file-backup.ts';
import { type Scratch, scratch } from '../support/repository.ts';
import { sqlite3 } from '../support/sqlite.ts';
import { mountSmallDisk } from '../support/system/small-disk.ts';
import { CAN_MOUNT, requires } from '../support/system/what-can-run.ts';

let logs: Scratch;
beforeEach(async () => {
  logs = await scratch();
});
afterEach(() => logs[Symbol.asyncDispose]());

const directory = (): string => path.join(logs.path, 'validation');
const file = (): string => path.join(directory(), 'validation_results.db');
const query = (sql: string): Promise<string[]> => sqlite3(file(), sql);
const GUIDES_QUERY = 'SELECT * FROM validation_results ORDER BY validation_timestamp DESC LIMIT 10;';

function record(minute: number, more: Partial<ValidationRecord> = {}): ValidationRecord {
  return {
    file: '/backups/redis/daily/redis_daily_20260816_040000.rdb.zst.enc',
    service: 'redis',
    type: 'daily',
    at: new Date(Date.parse('2026-08-16T04:00:00.000Z') + minute * 60_000).toISOString(),
    passed: { integrity: true, content: true },
    bytes: minute,
    seconds: 1.5,
    errors: [],
    warnings: [],
    metadata: { trigger: 'command' },
    ...more,
  };
}

async function append(one: ValidationRecord, history = new ValidationHistory(logs.path)) {
  return await history.append(one, testProcesses);
}

function minutes(): Promise<string[]> {
  return query('SELECT file_size_bytes FROM validation_results ORDER BY id');
}

describe("the guide's query", () => {
  test('shows the newest first, in the columns that the guide has', async () => {
    await append(record(1));
    await append(
      record(3, { passed: { integrity: false }, errors: ['"a" is damaged', "it's cut"], warnings: ['one | two'] }),
    );
    await append(record(2));
    const [first, ...others] = await query(GUIDES_QUERY);
    expect(first).toMatch(
      /^2\|\/backups\/redis\/daily\/redis_daily_20260816_040000\.rdb\.zst\.enc\|redis\|daily\|2026-08-16T04:03:00\.000Z\|0\|\|\|3\|1\.5\|\["\\"a\\" is damaged","it's cut"\]\|\["one \| two"\]\|\{"trigger":"command"\}\|20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
    );
    expect(others.map((line) => line.split('|').slice(4, 9))).toEqual([
      ['2026-08-16T04:02:00.000Z', '1', '1', '', '2'],
      ['2026-08-16T04:01:00.000Z', '1', '1', '', '1'],
    ]);
    expect((await query("SELECT name FROM pragma_table_info('validation_results')")).join(' ')).toBe(
      'id backup_file service backup_type validation_timestamp file_integrity content_validity restoration_test ' +
        'file_size_bytes validation_duration_seconds error_messages warnings metadata created_at',
    );
  });

  test('a level that was not run, and a size that is not known, are NULL; lists are JSON', async () => {
    const { bytes: _, ...unknown } = record(1, { passed: {}, errors: ['the keys do not open it'] });
    await append(unknown);
    expect(
      await query(
        `SELECT count(*) FROM validation_results WHERE file_integrity IS NULL AND content_validity IS NULL
         AND restoration_test IS NULL AND file_size_bytes IS NULL AND json_array_length(error_messages) = 1
         AND json_array_length(warnings) = 0 AND json_extract(metadata, '$.trigger') = 'command'`,
      ),
    ).toEqual(['1']);
  });

  test('a backup of very many broken files does not make a row that is larger than it', async () => {
    await append(record(1, { errors: Array.from({ length: 1000 }, () => 'x'.repeat(5000)) }));
    const [length, last] = await query(
      "SELECT length(error_messages) FROM validation_results; SELECT json_extract(error_messages, '$[50]') FROM validation_results",
    );
    expect(Number(length)).toBeLessThan(52_000);
    expect(last).toBe('and 950 more');
  });
});

test('the newest are kept, so many of them and no more', async () => {
  const history = new ValidationHistory(logs.path, 10);
  for (let minute = 1; minute <= 25; minute += 1) await append(record(minute), history);
  expect(await minutes()).toEqual(Array.from({ length: 10 }, (_, index) => String(index + 16)));
});

test('a table that an earlier program made is gone on with', async () => {
  await mkdir(directory());
  await query(`CREATE TABLE validation_results (id INTEGER PRIMARY KEY, backup_file TEXT, service TEXT, backup_type TEXT,
    validation_timestamp TEXT, file_integrity BOOLEAN, content_validity BOOLEAN, restoration_test BOOLEAN,
    file_size_bytes INTEGER, validation_duration_seconds REAL, error_messages TEXT, warnings TEXT, metadata TEXT,
    created_at TEXT); INSERT INTO validation_results (file_size_bytes) VALUES (1)`);
  expect(await append(record(2))).toEqual({});
  expect(await minutes()).toEqual(['1', '2']);
});

test('one of a newer program is left as it is', async () => {
  await append(record(1));
  await query('PRAGMA user_version = 2');
  await expect(append(record(2))).rejects.toMatchObject({ kind: 'newer-format' });
  expect(await minutes()).toEqual(['1']);
});

describe('several at once', () => {
  const SCRIPT = path.join(import.meta.dirname, 'append-validation-script.ts');
  const appending = (first: number, count: number) =>
    spawn(process.execPath, [SCRIPT, logs.path, String(first), String(count)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });

  test('processes that begin the database together lose nothing', async () => {
    const children = [0, 1, 2].map((number) => appending(number * 100, 15));
    const ends = await Promise.all(children.map((each) => once(each, 'close')));
    expect(ends.map(([code]) => code as unknown)).toEqual([0, 0, 0]);
    const expected = [0, 1, 2].flatMap((number) => Array.from({ length: 15 }, (_, index) => number * 100 + index));
    expect((await minutes()).map(Number).toSorted((a, b) => a - b)).toEqual(expected);
  });

  test('kill -9 while one writes leaves every row that was noted, and the next goes on', async () => {
    let last = -1;
    for (let round = 0; round < 5; round += 1) {
      const child = appending(last + 1, 100_000);
      const until = last + 1 + round; // and then wherever it is
      const closed = once(child, 'close');
      for await (const chunk of child.stdout.setEncoding('utf8')) {
        for (const line of (chunk as string).trim().split('\n')) last = Number(line);
        if (last >= until) child.kill('SIGKILL');
      }
      await closed;
      const found = (await minutes()).map(Number);
      expect(found.slice(0, last + 1)).toEqual(Array.from({ length: last + 1 }, (_, index) => index));
      expect(found.length - last).toBeLessThanOrEqual(2); // one more may be there that was not said any more
      last = found.length - 1;
      expect(await query('PRAGMA integrity_check')).toEqual(['ok']);
    }
    expect(await append(record(last + 1))).toEqual({});
    expect(await readdir(directory())).toEqual(['.validation_results.lock', 'validation_results.db']);
  });

  test('what a killed writer had begun is undone by the next', async () => {
    await append(record(1, { warnings: ['as it was'] }));
    const kept = ['', '-journal'].map((suffix) => [`${file()}${suffix}`, `${file()}${suffix}.kept`] as const);
    {
      using killed = new DatabaseSync(file());
      killed.exec("PRAGMA cache_size = 1; BEGIN; UPDATE validation_results SET warnings = 'half done'");
      killed.exec(
        "INSERT INTO validation_results SELECT id + 1, 'f', 'redis', 'daily', 't', 1, 1, 1, 1, 1, hex(zeroblob(40000)), '', '', '' FROM validation_results",
      );
      for (const [from, to] of kept) await copyFile(from, to);
      killed.exec('ROLLBACK');
    }
    for (const [to, from] of kept) await rename(from, to);
    expect(await readFile(file(), 'latin1')).toContain('half done');
    expect((await stat(`${file()}-journal`)).size).toBeGreaterThan(0);
    expect(await append(record(2))).toEqual({});
    expect(await query('SELECT file_size_bytes, warnings FROM validation_results')).toEqual([
      '1|["as it was"]',
      '2|[]',
    ]);
    expect(await readdir(directory())).toEqual(['.validation_results.lock', 'validation_results.db']);
  });

  test('somebody who has it open for a while is waited for; for long, is not', async () => {
    await append(record(1));
    {
      using theirs = new DatabaseSync(file());
      theirs.exec('BEGIN EXCLUSIVE');
      await expect(append(record(2))).rejects.toMatchObject({ kind: 'busy' });
      theirs.exec('ROLLBACK; BEGIN; SELECT count(*) FROM validation_results'); // a reader that dawdles
      await expect(append(record(2))).rejects.toMatchObject({ kind: 'busy' });
      theirs.exec('COMMIT');
    }
    expect(await append(record(3))).toEqual({});
    expect(await minutes()).toEqual(['1', '3']);
  });
});

describe('a damaged database is set aside', () => {
  const many = async (): Promise<Buffer> => {
    for (let minute = 1; minute <= 30; minute += 1) await append(record(minute, { warnings: ['x'.repeat(900)] }));
    return await readFile(file());
  };
  const asides = async (): Promise<string[]> => (await readdir(directory())).filter((name) => name.includes('damaged'));

  test.each<[string, (whole: Buffer) => Promise<void>]>([
    [
      'whose first bytes are not its own',
      (whole) => writeFile(file(), Buffer.concat([Buffer.alloc(16), whole.subarray(16)])),
    ],
    ['that was cut to half', (whole) => truncate(file(), whole.length / 2)],
    ['with a page of nothing in its middle', (whole) => writeFile(file(), Buffer.from(whole).fill(0, 12_288, 16_384))],
    ['that is a text', () => writeFile(file(), 'this is no database at all\n'.repeat(100))],
  ])('%s, and a new one begun', async (_, damage) => {
    await damage(await many());
    const damaged = await readFile(file());
    const { setAside = '' } = await append(record(31));
    expect(setAside).toBe(path.join(directory(), 'validation_results.damaged_20260816_043100.db'));
    expect(await readFile(setAside)).toEqual(damaged);
    expect(await minutes()).toEqual(['31']);
    expect(await append(record(32))).toEqual({});
    expect(await minutes()).toEqual(['31', '32']);
  });

  test('three of them are kept', async () => {
    for (let minute = 0; minute < 6; minute += 1) {
      await mkdir(directory(), { recursive: true });
      await writeFile(file(), 'x'.repeat(5000));
      await append(record(minute));
    }
    expect(await asides()).toEqual([3, 4, 5].map((each) => `validation_results.damaged_20260816_040${each}00.db`));
  });

  test('an empty file is none: that is how one begins', async () => {
    await mkdir(directory());
    await writeFile(file(), '');
    expect(await append(record(1))).toEqual({});
    expect(await minutes()).toEqual(['1']);
  });
});

describe('what cannot be written', () => {
  test('a full disk is an error, and leaves the rows from before', async (context) => {
    requires(CAN_MOUNT, 'root, to mount a small disk', context);
    await using _disk = await mountSmallDisk(directory(), '80k');
    await append(record(1));
    await writeFile(path.join(directory(), 'filler'), Buffer.alloc(200_000)).catch(() => undefined);
    await expect(append(record(2, { warnings: ['x'.repeat(900)] }))).rejects.toMatchObject({ kind: 'no-space' });
    expect(await readdir(directory())).not.toContain('validation_results.db-journal');
    await rm(path.join(directory(), 'filler'));
    expect(await append(record(3))).toEqual({});
    expect(await minutes()).toEqual(['1', '3']);
  });

  test('a place that is no directory is an error that says where', async () => {
    await writeFile(directory(), '');
    await expect(append(record(1))).rejects.toThrow('validation');
    await rm(directory());
    await mkdir(file(), { recursive: true });
    await expect(append(record(1))).rejects.toMatchObject({ kind: 'denied' });
  });
});
