import type { DatabaseSync } from 'node:sqlite';
import { BackupError, type ErrorKind, reason } from '../base/errors.ts';
import type { ValidationRecord } from '../model/validation-records.ts';

/** `PRAGMA user_version` of the schema below. */
const VERSION = 1;

/** The deployment guide's columns, in its order. A level that was not run is NULL; lists and metadata are JSON. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS validation_results (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    backup_file TEXT NOT NULL,
    service TEXT NOT NULL,
    backup_type TEXT NOT NULL,
    validation_timestamp TEXT NOT NULL,
    file_integrity INTEGER,
    content_validity INTEGER,
    restoration_test INTEGER,
    file_size_bytes INTEGER,
    validation_duration_seconds REAL,
    error_messages TEXT,
    warnings TEXT,
    metadata TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
  );
  CREATE INDEX IF NOT EXISTS validation_results_by_time ON validation_results (validation_timestamp);
  PRAGMA user_version = ${VERSION};`;

const INSERT = `
  INSERT INTO validation_results (backup_file, service, backup_type, validation_timestamp, file_integrity,
    content_validity, restoration_test, file_size_bytes, validation_duration_seconds, error_messages, warnings, metadata)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const SHORTEN = 'DELETE FROM validation_results WHERE id <= (SELECT max(id) FROM validation_results) - ?';

/** Adds a row and removes the oldest beyond `most`, in one transaction; whoever comes first makes the table. */
export function addRow(database: DatabaseSync, record: ValidationRecord, most: number): void {
  database.exec('PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; BEGIN IMMEDIATE');
  prepareTable(database);
  database.prepare(INSERT).run(...valuesOf(record));
  database.prepare(SHORTEN).run(most);
  database.exec('COMMIT');
}

/** Fails with kind `damaged` where the pages of the file do not fit together. */
export function assertWhole(database: DatabaseSync): void {
  const [found] = Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {});
  if (found !== 'ok') throw new BackupError(String(found), { kind: 'damaged' });
}

function prepareTable(database: DatabaseSync): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > VERSION) {
    throw new BackupError(`it has version ${version}, this program knows ${VERSION}`, {
      kind: 'newer-format',
      hint: 'run the same version in all backup containers',
    });
  }
  if (version < VERSION) database.exec(SCHEMA);
}

function valuesOf(record: ValidationRecord): (string | number | null)[] {
  const { file, service, type, at, passed, bytes = null, seconds, errors, warnings, metadata } = record;
  const levels = [passed.integrity, passed.content, passed.restore].map((each) =>
    each === undefined ? null : Number(each),
  );
  return [
    file,
    service,
    type,
    at,
    ...levels,
    bytes,
    seconds,
    listed(errors),
    listed(warnings),
    JSON.stringify(metadata),
  ];
}

const MOST_MESSAGES = 50;
const MOST_CHARACTERS = 1000;

/** A backup of many broken files must not make a row that is larger than it. */
function listed(messages: readonly string[]): string {
  const shown = messages.slice(0, MOST_MESSAGES).map((each) => each.slice(0, MOST_CHARACTERS));
  const more = messages.length - shown.length;
  return JSON.stringify(more > 0 ? [...shown, `and ${more} more`] : shown);
}

/** SQLite's own primary result codes: sqlite.org/rescode.html */
const KINDS: Readonly<Record<number, ErrorKind>> = {
  3: 'denied',
  5: 'busy',
  6: 'busy',
  8: 'denied',
  11: 'damaged',
  13: 'no-space',
  14: 'denied',
  26: 'damaged',
};

/** What the database engine says, as an error of ours. */
export function tableError(file: string, cause: unknown): BackupError {
  const code = (cause as { errcode?: unknown }).errcode;
  const kind = typeof code === 'number' ? KINDS[code % 256] : cause instanceof BackupError ? cause.kind : undefined;
  return new BackupError(`writing ${file} failed: ${reason(cause)}`, { kind: kind ?? 'failed', cause });
}
