import { open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { stampOf } from '../base/clock.ts';
import { makeDirectories } from '../base/directories.ts';
import { BackupError, reason, systemCode } from '../base/errors.ts';
import { waitForLock } from '../base/file-lock.ts';
import { fileError, syncDirectory } from '../base/files.ts';
import type { Processes } from '../base/processes.ts';
import type { ValidationRecord } from '../model/validation-records.ts';
import type { Instant } from '../model/vocabulary.ts';
import { addRow, assertWhole, tableError } from './validation-table.ts';

/** About half a year of four services that are backed up every hour, in some 10 MB. */
const MOST_ROWS = 20_000;

/** Of databases that were found damaged. */
const MOST_SET_ASIDE = 3;

/** A row takes milliseconds; somebody's own `sqlite3` may hold the file beside that. */
const LOCK_WAIT_SECONDS = 30;
const BUSY_MILLISECONDS = 5000;

const STEM = 'validation_results';

/**
 * Every validation of a backup as a row of `<LOG_DIR>/validation/validation_results.db`, which several containers write:
 * one at a time, under a lock of the kernel, with SQLite's rollback journal (a write-ahead log needs memory that
 * containers do not share). The newest 20,000 are kept. A damaged database is set aside, and a new one begun.
 */
export class ValidationHistory {
  readonly #directory: string;
  readonly #file: string;
  readonly #most: number;
  #checked = false;

  constructor(logs: string, most = MOST_ROWS) {
    this.#directory = path.join(logs, 'validation');
    this.#file = path.join(this.#directory, `${STEM}.db`);
    this.#most = most;
  }

  /**
   * Not to be cancelled: a validation that was is noted too. Fails as writing a file does, and with kind `busy`. Says
   * where a database was set aside that was damaged.
   */
  async append(record: ValidationRecord, processes: Processes): Promise<{ readonly setAside?: string }> {
    makeDirectories(this.#directory, 0o755);
    const name = path.join(this.#directory, `.${STEM}.lock`);
    const lock = await open(name, 'a', 0o600).catch((error: unknown) => {
      throw fileError('opening the lock of', this.#file, error);
    });
    try {
      await waitForLock(lock, LOCK_WAIT_SECONDS, processes);
      return await this.#write(record);
    } finally {
      await lock.close();
    }
  }

  async #write(record: ValidationRecord): Promise<{ readonly setAside?: string }> {
    try {
      await this.#add(record);
      return {};
    } catch (error) {
      if (!(error instanceof BackupError) || error.kind !== 'damaged') throw error;
    }
    const setAside = await this.#setAside(record.at);
    await this.#add(record).catch((cause: unknown) => {
      const message = `${reason(cause)}; the one before was damaged and is ${setAside} now`;
      throw new BackupError(message, { kind: 'failed', cause });
    });
    return { setAside };
  }

  async #add(record: ValidationRecord): Promise<void> {
    const { DatabaseSync } = await import('node:sqlite'); // 5 ms that only a validation has to wait
    try {
      using database = new DatabaseSync(this.#file, { timeout: BUSY_MILLISECONDS });
      if (!this.#checked) assertWhole(database);
      this.#checked = true;
      addRow(database, record, this.#most);
    } catch (error) {
      throw tableError(this.#file, error);
    }
  }

  /** With its journal, which would be taken for the new one's. */
  async #setAside(at: Instant): Promise<string> {
    const aside = path.join(this.#directory, `${STEM}.damaged_${stampOf(at)}.db`);
    try {
      await rename(`${this.#file}-journal`, `${aside}-journal`).catch(unlessAbsent);
      await rename(this.#file, aside);
      await syncDirectory(this.#directory);
      await this.#removeOld();
    } catch (error) {
      throw fileError('setting aside the damaged', this.#file, error);
    }
    return aside;
  }

  async #removeOld(): Promise<void> {
    const names = (await readdir(this.#directory)).filter((name) => name.startsWith(`${STEM}.damaged_`));
    const databases = names.filter((name) => name.endsWith('.db')).toSorted();
    for (const name of databases.slice(0, -MOST_SET_ASIDE)) {
      for (const each of [name, `${name}-journal`]) await rm(path.join(this.#directory, each), { force: true });
    }
  }
}

function unlessAbsent(error: unknown): void {
  if (systemCode(error) !== 'ENOENT') throw error;
}
