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
  const cron = cronOf(schedule, zone);
  let slot = after(cron, since);
  if (slot === undefined || slot > now) return undefined;
  let missed = 0;
  for (let next = after(cron, slot); next !== undefined && next <= now; next = after(cron, slot)) {
    slot = next;
    missed += 1;
    if (missed < MOST_MISSED) continue;
    // Strictly before, and whole seconds: the slot of this very second counts.
    const [newest] = cron.previousRuns(1, new Date(Date.parse(now) + 1000));
    return { schedule, slot: newest?.toISOString() ?? slot, missed };
  }
  return { schedule, slot, missed };
}

/** The first slot after `now`; undefined where there is none (30 February). */
export function nextSlot(schedule: Schedule, now: Instant, zone: string): Instant | undefined {
  return after(cronOf(schedule, zone), now);
}

/** Seconds between the two slots that come next; undefined where there are none. */
export function slotInterval(schedule: Schedule, now: Instant, zone: string): number | undefined {
  const [first, second] = cronOf(schedule, zone).nextRuns(2, new Date(now));
  return first === undefined || second === undefined ? undefined : (second.getTime() - first.getTime()) / 1000;
}

/** A slot on record may be ahead of a clock that was corrected. */
const MOST_AHEAD_MILLISECONDS = 24 * 3_600_000;

/** Whether a slot that was taken is so far ahead that waiting until it has passed would be worse than taking it again. */
export function isFarAhead(slot: Instant, now: Instant): boolean {
  return Date.parse(slot) - Date.parse(now) > MOST_AHEAD_MILLISECONDS;
}

function after(cron: Cron, instant: Instant): Instant | undefined {
  return cron.nextRun(new Date(instant))?.toISOString();
}

function cronOf({ cron }: Schedule, timezone: string): Cron {
  return new Cron(cron, { timezone, paused: true });
}
