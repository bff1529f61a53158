import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories } from '../base/directories.ts';
import { systemCode } from '../base/errors.ts';
import { replaceFile } from '../base/files.ts';
import { BACKUP_TYPES, type BackupType, type Instant, type Service } from '../model/vocabulary.ts';

/** What is known of a type's last slot. `running` in the record of a loop that starts: it was killed in that run. */
export interface SlotRecord {
  readonly slot: Instant;
  readonly state: 'waiting' | 'running' | 'ended';
  /** Exit code of the run. */
  readonly code?: number;
  /** The schedule that the slot is of, or that there was none; absent in records of earlier versions. */
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
  #unsaved = false;

  constructor(stateDirectory: string, service: Service) {
    this.file = path.join(stateDirectory, 'scheduler', `${service}.json`);
  }

  /** What is there is read once; what cannot be read as ours counts as not there, and is said. */
  async load(complain: (message: string) => void): Promise<void> {
    makeDirectories(path.dirname(this.file));
    const text = await readFile(this.file, 'utf8').catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return '{}';
      throw error;
    });
    const found = recordsIn(text);
    if (found.damaged) complain(`${this.file} is damaged: what was missed is not known`);
    this.#records = found.records;
  }

  of(key: Key): SlotRecord | undefined {
    return this.#records[key];
  }

  /** The types that something is on record of. */
  types(): readonly BackupType[] {
    return BACKUP_TYPES.filter((type) => this.#records[type] !== undefined);
  }

  /** Counts once it is on disk, and not at all when it could not be written: for what must be noted before it begins. */
  async set(key: Key, record: SlotRecord): Promise<void> {
    const records = { ...this.#records, [key]: record };
    await this.#write(records);
    this.#records = records;
  }

  /** Counts at once: for what is so already. Rejects when it could not be written; it is with the next, or by `save`. */
  async keep(key: Key, record: SlotRecord): Promise<void> {
    this.#records = { ...this.#records, [key]: record };
    this.#unsaved = true;
    await this.save();
  }

  get unsaved(): boolean {
    return this.#unsaved;
  }

  async save(): Promise<void> {
    if (this.#unsaved) await this.#write(this.#records);
  }

  async #write(records: Records): Promise<void> {
    await replaceFile(this.file, `${JSON.stringify(records, null, 2)}\n`);
    this.#unsaved = false;
  }
}

const KEYS: readonly Key[] = [...BACKUP_TYPES, 'care'];

function recordsIn(text: string): { readonly records: Records; readonly damaged: boolean } {
  const found = parsed(text);
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return { records: {}, damaged: true };
  const entries = KEYS.flatMap((key) => (key in found ? [[key, (found as Records)[key]] as const] : []));
  const good = entries.filter(([, record]) => isRecord(record));
  return { records: Object.fromEntries(good), damaged: good.length < entries.length };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isRecord(found: unknown): boolean {
  const { slot, state, again } = (found ?? {}) as { readonly [K in keyof SlotRecord]?: unknown };
  const { attempts, at } = (again ?? { attempts: 0, at: slot }) as {
    readonly attempts?: unknown;
    readonly at?: unknown;
  };
  const isState = state === 'waiting' || state === 'running' || state === 'ended';
  return isState && isInstant(slot) && isInstant(at) && Number.isSafeInteger(attempts);
}

function isInstant(found: unknown): boolean {
  return typeof found === 'string' && Number.isFinite(Date.parse(found)) && new Date(found).toISOString() === found;
}
