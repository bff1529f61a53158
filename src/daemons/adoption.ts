import { BACKUP_TYPES, type BackupType, type Instant, type Service } from '../model/vocabulary.ts';
import { dueTurn, isFarAhead, type Schedule } from '../policy/schedule.ts';
import type { SlotRecord } from './slot-records.ts';
import { countOf } from './slot-words.ts';

/** In the record of a type that had a schedule: it has none now. */
const NO_SCHEDULE = 'off';

/** From when on the slots of a type count anew. */
export interface Adoption {
  readonly type: BackupType;
  readonly record: SlotRecord;
  /** What is given up by it, for the operator. */
  readonly words: string | undefined;
}

export interface AdoptionRequest {
  readonly service: Service;
  /** Those in force, of this service. */
  readonly schedules: readonly Schedule[];
  readonly recordOf: (type: BackupType) => SlotRecord | undefined;
  readonly zone: string;
  readonly now: Instant;
}

/**
 * Types whose schedule is new, another than the one on record, or gone: what it will be has missed nothing. And those
 * whose record is of a clock that was far ahead. Pure.
 */
export function adoptions(request: AdoptionRequest): Adoption[] {
  return BACKUP_TYPES.flatMap((type) => adoptionOf(type, request) ?? []);
}

function adoptionOf(type: BackupType, request: AdoptionRequest): Adoption | undefined {
  const { schedules, recordOf, now } = request;
  const cron = schedules.find((each) => each.type === type)?.cron;
  const record = recordOf(type);
  const fresh = { slot: now, state: 'waiting', cron: cron ?? NO_SCHEDULE } as const;
  if (record === undefined) return cron === undefined ? undefined : { type, record: fresh, words: undefined };
  if (isFarAhead(record.slot, now))
    return { type, record: fresh, words: 'the clock was put back: slots count from now on' };
  const before = record.cron ?? fresh.cron; // a record of an earlier version is of the schedule in force
  if (before === fresh.cron) return undefined;
  const slot = record.slot > now ? record.slot : now;
  return { type, record: { ...fresh, slot }, words: givenUp(type, { ...record, cron: before }, request) };
}

/** What was still to come of the schedule before. */
function givenUp(
  type: BackupType,
  record: SlotRecord & { cron: string },
  request: AdoptionRequest,
): string | undefined {
  const { service, now, zone } = request;
  const start = 'its schedule has changed: the slot of';
  const turn =
    record.cron === NO_SCHEDULE ? undefined : dueTurn({ service, type, cron: record.cron }, record.slot, now, zone);
  if (turn !== undefined) {
    const others = turn.missed === 0 ? '' : `, with ${countOf(turn.missed)} before it,`;
    return `${start} ${turn.slot}${others} was missed and is not made up for`;
  }
  return record.again === undefined ? undefined : `${start} ${record.slot} is not tried again`;
}
