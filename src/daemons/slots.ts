import type { BackupType, Instant } from '../model/vocabulary.ts';
import { dueTurn, nextSlot, type Schedule, type Turn } from '../policy/schedule.ts';
import type { SlotRecord, SlotRecords } from './slot-records.ts';

/** A turn, and how often its slot was tried before. */
export interface DueTurn extends Turn {
  readonly attempts: number;
}

/** Finds what is due, by what is on record. Most looks end at the first comparison. */
export class Slots {
  readonly #records: SlotRecords;
  readonly #zone: string;
  /** The first slot after the one on record. */
  readonly #coming = new Map<BackupType, { readonly key: string; readonly at: Instant | undefined }>();

  constructor(records: SlotRecords, zone: string) {
    this.#records = records;
    this.#zone = zone;
  }

  /** Oldest slot first. Schedules that nothing is on record of have none yet. */
  due(schedules: readonly Schedule[], now: Instant): DueTurn[] {
    return schedules
      .flatMap((schedule) => this.#dueOf(schedule, now) ?? [])
      .toSorted((a, b) => (a.slot < b.slot ? -1 : 1));
  }

  #dueOf(schedule: Schedule, now: Instant): DueTurn | undefined {
    const record = this.#records.of(schedule.type);
    if (record === undefined) return undefined;
    const turn = this.#isBefore(schedule, record.slot, now)
      ? undefined
      : dueTurn(schedule, record.slot, now, this.#zone);
    return turn === undefined ? again(schedule, record, now) : { ...turn, attempts: 0 };
  }

  #isBefore(schedule: Schedule, since: Instant, now: Instant): boolean {
    const key = `${schedule.cron} ${since}`;
    let known = this.#coming.get(schedule.type);
    if (known?.key !== key) {
      known = { key, at: nextSlot(schedule, since, this.#zone) };
      this.#coming.set(schedule.type, known);
    }
    return known.at === undefined || known.at > now;
  }
}

const LONGEST_WAIT_MILLISECONDS = 900_000;

/** A clock that was put back does not make anybody wait for longer than was meant. */
function again(schedule: Schedule, record: SlotRecord, now: Instant): DueTurn | undefined {
  if (record.again === undefined) return undefined;
  const wait = Date.parse(record.again.at) - Date.parse(now);
  if (wait > 0 && wait <= LONGEST_WAIT_MILLISECONDS) return undefined;
  return { schedule, slot: record.slot, missed: 0, attempts: record.again.attempts };
}
