import type { Instant } from '../model/vocabulary.ts';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 24 * HOUR;

/** `40 s`, `12 min`, `26 h`, `9 days`: as exact as a person needs it. */
export function spanOf(seconds: number): string {
  const size = Math.abs(seconds);
  if (size < 2 * MINUTE) return `${Math.round(seconds)} s`;
  if (size < 2 * HOUR) return `${Math.round(seconds / MINUTE)} min`;
  if (size < 3 * DAY) return `${Math.round(seconds / HOUR)} h`;
  return `${Math.round(seconds / DAY)} days`;
}

/** `2026-08-16 02:00 UTC`. */
export function instantOf(at: Instant): string {
  return `${at.slice(0, 16).replace('T', ' ')} UTC`;
}

/** `a`, `a and 3 more`. */
export function firstOf(names: readonly string[]): string {
  const [first = '', ...others] = names;
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}
