/** What the five fields of a cron expression allow, each ascending and without repetition. */
export interface CronFields {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** Of the month; `any` only where the field is `*` itself: else it counts beside the weekdays. */
  readonly days: readonly number[] | 'any';
  readonly months: readonly number[];
  /** 0 is Sunday; `any` as with days. */
  readonly weekdays: readonly number[] | 'any';
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** Undefined where a field is none of `*`, numbers, names, ranges and steps of these. */
export function parseCron(expression: string): CronFields | undefined {
  const words = expression.trim().toLowerCase().split(/\s+/);
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = words;
  const minutes = valuesOf(minute, 0, 59);
  const hours = valuesOf(hour, 0, 23);
  const days = day === '*' ? 'any' : valuesOf(day, 1, 31);
  const months = valuesOf(month, 1, 12, MONTHS);
  const weekdays = weekday === '*' ? 'any' : onlyOneSunday(valuesOf(weekday, 0, 7, WEEKDAYS));
  if (words.length !== 5 || !minutes || !hours || !days || !months || !weekdays) return undefined;
  return { minutes, hours, days, months, weekdays };
}

function valuesOf(field: string, min: number, max: number, names: readonly string[] = []): number[] | undefined {
  const parts = field.split(',').map((part) => partOf(part, min, max, names));
  const found = parts.flatMap((part) => part ?? []);
  return parts.includes(undefined) ? undefined : [...new Set(found)].toSorted((a, b) => a - b);
}

function partOf(part: string, min: number, max: number, names: readonly string[]): number[] | undefined {
  const [, range = '', step] = /^([^/]+)(?:\/(\d{1,2}))?$/.exec(part) ?? [];
  const ends = range === '*' ? [min, max] : range.split('-').map((end) => numberOf(end, min, names));
  const [from = Number.NaN, to = from] = ends;
  const by = Number(step ?? 1);
  const isRange = ends.length === 2 || (ends.length === 1 && step === undefined);
  const isGood = isRange && from >= min && to <= max && from <= to && by > 0;
  return isGood ? Array.from({ length: Math.floor((to - from) / by) + 1 }, (_, index) => from + index * by) : undefined;
}

function numberOf(text: string, min: number, names: readonly string[]): number {
  const named = names.indexOf(text);
  if (named !== -1) return named + min;
  return /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
}

function onlyOneSunday(weekdays: readonly number[] | undefined): number[] | undefined {
  return weekdays && [...new Set(weekdays.map((day) => day % 7))].toSorted((a, b) => a - b);
}
