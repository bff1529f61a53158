import type { Instant } from '../model/vocabulary.ts';
import { nextSlot, type Schedule, slotInterval } from './schedule.ts';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 24 * HOUR;

/** The least that a backup may take after its slot. */
const LEAST_GRACE = 15 * MINUTE;

/** A clock that is ahead by less than this is a clock. */
export const CLOCK_TOLERANCE_SECONDS = 5 * MINUTE;

export interface FreshnessRequest {
  readonly schedule: Schedule;
  readonly zone: string;
  /** The moment of the newest good backup of the type; undefined: there is none. */
  readonly newest: Instant | undefined;
  /** The scheduler's last slot of the type, or since when it waits for the first. */
  readonly since: Instant | undefined;
  readonly now: Instant;
  /** Hours at which a daily backup is stale. */
  readonly maxAgeHours: number;
}

export interface Freshness {
  readonly next: Instant | undefined;
  /** The age at which the newest is stale; of one that was just taken where there is none. */
  readonly staleAfterSeconds: number | undefined;
  /** Undefined where there is nothing to go by: no backup, and no scheduler that waited for one. */
  readonly stale: boolean | undefined;
}

/**
 * A backup is stale when the next slot of its own type has passed, and a grace: the schedule decides, so that a yearly
 * one is not stale after 26 hours, and a weekday's slot that was missed is noticed on that day. Pure.
 */
export function freshness({ schedule, zone, newest, since, now, maxAgeHours }: FreshnessRequest): Freshness {
  const next = nextSlot(schedule, now, zone);
  const from = newest ?? since;
  const interval = slotInterval(schedule, from ?? now, zone);
  if (interval === undefined) return { next, staleAfterSeconds: undefined, stale: undefined };
  const grace = graceSeconds(interval, maxAgeHours);
  const due = from === undefined ? undefined : nextSlot(schedule, from, zone);
  if (from === undefined || due === undefined) return { next, staleAfterSeconds: interval + grace, stale: undefined };
  const staleAfterSeconds = secondsFrom(from, due) + grace;
  return { next, staleAfterSeconds, stale: secondsFrom(from, now) > staleAfterSeconds };
}

/** The share of the interval that the operator gives a daily backup, a day at most where that is not exceeded. */
function graceSeconds(interval: number, maxAgeHours: number): number {
  const ofDaily = Math.max(0, maxAgeHours * HOUR - DAY);
  const most = Math.max(DAY, ofDaily);
  return Math.min(most, Math.max(LEAST_GRACE, (interval / DAY) * ofDaily));
}

function secondsFrom(from: Instant, to: Instant): number {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}

/** A moment that has not come yet says that a clock was wrong; nothing is fresh by it. */
export function isFromTheFuture(moment: Instant, now: Instant): boolean {
  return moment > now && secondsFrom(now, moment) > CLOCK_TOLERANCE_SECONDS; // of ten thousand, few are parsed
}
