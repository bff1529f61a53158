import type { Instant } from '../model/vocabulary.ts';
import { MOST_MISSED } from '../policy/schedule.ts';
import type { DueTurn } from './slots.ts';

/** The loop looks several times a minute; what is later than this was missed. */
const LATE_MILLISECONDS = 120_000;

/** What is said of a slot as its run begins: every one that was missed is in it. */
export function announcement({ slot, missed, attempts }: DueTurn, now: Instant): string {
  if (attempts > 0) return `the slot of ${slot}, again`;
  const isLate = Date.parse(now) - Date.parse(slot) > LATE_MILLISECONDS;
  const were = missed === 1 ? 'was' : 'were';
  if (isLate) {
    const others = missed === 0 ? '' : `, as ${were} ${countOf(missed)} before it`;
    return `the slot of ${slot} was missed${others}: made up for now`;
  }
  if (missed === 0) return `the slot of ${slot}`;
  return `the slot of ${slot}; ${countOf(missed)} before it ${were} missed: made up for by this one`;
}

/** Of slots that were missed: they are not counted without end. */
export function countOf(missed: number): string {
  return missed === MOST_MISSED ? `at least ${missed}` : String(missed);
}
