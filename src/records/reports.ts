import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { stampOf } from '../base/clock.ts';
import { makeDirectories } from '../base/directories.ts';
import { systemCode } from '../base/errors.ts';
import { fileError, replaceFile, sweepUnfinished } from '../base/files.ts';
import type { Instant } from '../model/vocabulary.ts';

/** More than a year of daily ones, and of weekly ones, which name every backup. */
const MOST_REPORTS = 400;
const MOST_VALIDATIONS = 60;

/** Which reports: their directory below the logs, and what their names begin with. */
export interface ReportKind {
  readonly directory: string;
  readonly stem: string;
  /** How many are kept. */
  readonly most: number;
}

/** The deployment guide's: `monitoring/backup_report_<ts>.json`. */
export const BACKUP_REPORTS: ReportKind = { directory: 'monitoring', stem: 'backup_report', most: MOST_REPORTS };
const VOLUME_REPORTS: ReportKind = { directory: 'volume-health', stem: 'volume_report', most: MOST_REPORTS };
const VALIDATION_REPORTS: ReportKind = {
  directory: 'validation',
  stem: 'validation_report',
  most: MOST_VALIDATIONS,
};
export const REPORTS = { backup: BACKUP_REPORTS, volumes: VOLUME_REPORTS, validation: VALIDATION_REPORTS } as const;

/**
 * Reports as files of JSON or text: one of each time, and a copy of the newest under a name that stays. Each is there as a
 * whole or not at all, and a disk that is full leaves those from before. What a run that was killed left half-written
 * goes with the next.
 */
export class Reports {
  readonly #directory: string;
  readonly #stem: string;
  readonly #most: number;

  constructor(logs: string, { directory, stem, most }: ReportKind) {
    this.#directory = path.join(logs, directory);
    this.#stem = stem;
    this.#most = most;
  }

  /** Returns its path. Fails as writing a file does. */
  async write(content: object, at: Instant, extension = 'json'): Promise<string> {
    return await this.writeText(`${JSON.stringify(content, null, 2)}\n`, at, extension);
  }

  async writeText(text: string, at: Instant, extension: string): Promise<string> {
    const file = this.#named(stampOf(at), extension);
    try {
      makeDirectories(this.#directory, 0o755);
    } catch (error) {
      throw fileError('creating', this.#directory, error);
    }
    await replaceFile(this.#named('latest', extension), text);
    await replaceFile(file, text); // last: a day whose report is there has both
    await this.#removeOld(extension);
    return file;
  }

  /** Whether there is a report of that day: one of a later day says that a clock was wrong, and nothing of this one. */
  async hasOf(at: Instant): Promise<boolean> {
    const day = stampOf(at).slice(0, 8);
    return (await this.#stamps('json')).some((stamp) => stamp.startsWith(day));
  }

  async #removeOld(extension: string): Promise<void> {
    const stamps = await this.#stamps(extension);
    for (const stamp of stamps.slice(0, -this.#most)) await rm(this.#named(stamp, extension), { force: true });
    await sweepUnfinished(this.#directory, (name) => name.startsWith(`${this.#stem}_`));
  }

  async #stamps(extension: string): Promise<string[]> {
    const names = await readdir(this.#directory).catch((error: unknown): string[] => {
      if (systemCode(error) === 'ENOENT') return [];
      throw fileError('reading', this.#directory, error);
    });
    const wanted = new RegExp(`^${this.#stem}_(\\d{8}_\\d{6})\\.${extension}$`);
    return names.flatMap((name) => wanted.exec(name)?.[1] ?? []).toSorted();
  }

  #named(stamp: string, extension: string): string {
    return path.join(this.#directory, `${this.#stem}_${stamp}.${extension}`);
  }
}
