import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories } from '../base/directories.ts';
import { systemCode } from '../base/errors.ts';
import { replaceFile } from '../base/files.ts';
import type { BackupType, Instant, Service } from '../model/vocabulary.ts';

/** What is known of a type's last slot. `running` in the record of a loop that starts: it was killed in that run. */
export interface SlotRecord {
  readonly slot: Instant;
  readonly state: 'waiting' | 'running' | 'ended';
  /** Exit code of the run. */
  readonly code?: number;
  /** The schedule that the slot is of; absent in records of earlier versions. */
  readonly cron?: string;
  /** It failed so many times and is tried again then. */
  readonly again?: { readonly attempts: number; readonly at: Instant };
}

/** A type's schedule, or the care that follows backups and comes once a day in any case. */
type Key = BackupType | 'care';

type Records = Partial<Record<Key, SlotRecord>>;

/**
 * Which slots were taken: `<STATE_DIR>/scheduler/<service>.json`, replaced as a whole before a run begins, so that
 * none is run twice however the loop ends. One process writes: the one with the service's scheduler lock.
 */
export class SlotRecords {
  readonly file: string;
  #records: Records = {};

  constructor(stateDirectory: string, service: Service) {
    this.file = path.join(stateDirectory, 'scheduler', `${service}.json`);
  }

  /** What is there is read once; a file that cannot be read as ours counts as none, and is said. */
  async load(complain: (message: string) => void): Promise<void> {
    makeDirectories(path.dirname(this.file));
    const text = await readFile(this.file, 'utf8').catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return '{}';
      throw error;
    });
    try {
      this.#records = JSON.parse(text) as Records;
    } catch {
      complain(`${this.file} is damaged: what was missed is not known`);
    }
  }

  of(key: Key): SlotRecord | undefined {
    return this.#records[key];
  }

  async set(key: Key, record: SlotRecord): Promise<void> {
    const records = { ...this.#records, [key]: record };
    await replaceFile(this.file, `${JSON.stringify(records, null, 2)}\n`);
    this.#records = records;
  }
}
