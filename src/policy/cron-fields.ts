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
  return words.length === 5 ? fieldsOf((index) => words[index] ?? '') : undefined;
}

function fieldsOf(word: (index: number) => string): CronFields | undefined {
  const minutes = valuesOf(word(0), 0, 59);
  const hours = valuesOf(word(1), 0, 23);
  const days = word(2) === '*' ? 'any' : valuesOf(word(2), 1, 31);
  const months = valuesOf(word(3), 1, 12, MONTHS);
  const weekdays = word(4) === '*' ? 'any' : onlyOneSunday(valuesOf(word(4), 0, 7, WEEKDAYS));
  if (!minutes || !hours || !days || !months || !weekdays) return undefined;
  return { minutes, hours, days, months, weekdays };
}

function valuesOf(field: string, min: number, max: number, names: readonly string[] = []): number[] | undefined {
  const parts = field.split(',').map((part) => partOf(part, min, max, names));
  const found = parts.flatMap((part) => part ?? []);
  return parts.includes(undefined) ? undefined : [...new Set(found)].toSorted((a, b) => a - b);
}

function partOf(part: string, min: number, max: number, names: readonly string[]): number[] | undefined {
  const [, range = '', step = '1'] = /^([^/]+)(?:\/(\d{1,2}))?$/.exec(part) ?? [];
  const ends = range === '*' ? [min, max] : range.split('-').map((end) => numberOf(end, min, names));
  if (ends.length > 2 || (ends.length === 1 && part.includes('/'))) return undefined;
  const [from = Number.NaN, to = from] = ends;
  return from >= min && to <= max ? stepped(from, to, Number(step)) : undefined;
}

function stepped(from: number, to: number, by: number): number[] | undefined {
  if (by === 0 || from > to) return undefined;
  return Array.from({ length: Math.floor((to - from) / by) + 1 }, (_, index) => from + index * by);
}

function numberOf(text: string, min: number, names: readonly string[]): number {
  const named = names.indexOf(text);
  if (named !== -1) return named + min;
  return /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
}

function onlyOneSunday(weekdays: readonly number[] | undefined): number[] | undefined {
  return weekdays && [...new Set(weekdays.map((day) => day % 7))].toSorted((a, b) => a - b);
}
