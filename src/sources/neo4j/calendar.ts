/** Days and seconds of the proleptic ISO calendar, for the whole range of Neo4j's years (±999,999,999). */

/** Days since 1970-01-01. */
export function daysOfDate(year: number, month: number, day: number): number {
  const shifted = month > 2 ? year : year - 1; // years that begin in March end with the leap day
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const leapDays = Math.floor(shifted / 4) - Math.floor(shifted / 100) + Math.floor(shifted / 400);
  return shifted * 365 + leapDays + dayOfYear - 719_468;
}

export interface CalendarDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

const DAYS_OF_ERA = 146_097;

export function dateOfDays(days: number): CalendarDate {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / DAYS_OF_ERA);
  const inEra = shifted - era * DAYS_OF_ERA;
  const yearOfEra = Math.floor(
    (inEra - Math.floor(inEra / 1460) + Math.floor(inEra / 36_524) - Math.floor(inEra / 146_096)) / 365,
  );
  const dayOfYear = inEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

/** Seconds since 1970-01-01T00:00:00Z; a bigint, because years may be too far for exact numbers. */
export function epochSecondOf(days: number, secondOfDay: number): bigint {
  return BigInt(days) * 86_400n + BigInt(secondOfDay);
}

/** The other way: days since 1970-01-01, and seconds within the day. */
export function splitEpochSecond(epochSecond: bigint): { readonly days: number; readonly secondOfDay: number } {
  const rest = ((epochSecond % 86_400n) + 86_400n) % 86_400n;
  return { days: Number((epochSecond - rest) / 86_400n), secondOfDay: Number(rest) };
}
