import { Cron } from 'croner';
import type { BackupType, Instant, Service } from '../model/vocabulary.ts';

/** When backups of one type of one service begin: a cron expression of five fields, read in a time zone. */
export interface Schedule {
  readonly service: Service;
  readonly type: BackupType;
  readonly cron: string;
}

/** A slot whose time has come. */
export interface Turn {
  readonly schedule: Schedule;
  /** The newest one. */
  readonly slot: Instant;
  /** Earlier ones that nobody ran, at most `MOST_MISSED`: one run makes up for all of them. */
  readonly missed: number;
}

export const MOST_MISSED = 100;

/**
 * The newest slot after `since` and not after `now`. A slot in an hour that daylight saving leaves out comes at its
 * end, one in an hour that comes twice the first time. Pure.
 */
export function dueTurn(schedule: Schedule, since: Instant, now: Instant, zone: string): Turn | undefined {
  // Strictly before, and whole seconds: the slot of this very second counts.
  const before = new Date(Date.parse(now) + 1000);
  const slots = cronOf(schedule, zone)
    .previousRuns(MOST_MISSED + 1, before)
    .map((each) => each.toISOString())
    .filter((slot) => slot > since && slot <= now);
  const [slot, ...missed] = slots;
  return slot === undefined ? undefined : { schedule, slot, missed: missed.length };
}

/** The first slot after `now`; undefined where there is none (30 February). */
export function nextSlot(schedule: Schedule, now: Instant, zone: string): Instant | undefined {
  return cronOf(schedule, zone).nextRun(new Date(now))?.toISOString();
}

/** A record from a clock that was ahead must not keep a slot from its turn until then. */
const MOST_AHEAD_MILLISECONDS = 24 * 3_600_000;

/** From when on slots are due, by the last one on record. */
export function dueSince(last: Instant | undefined, now: Instant): Instant {
  if (last === undefined) return now;
  return Date.parse(last) - Date.parse(now) > MOST_AHEAD_MILLISECONDS ? now : last;
}

function cronOf({ cron }: Schedule, timezone: string): Cron {
  return new Cron(cron, { timezone, paused: true });
}
