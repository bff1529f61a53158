import { type CronFields, parseCron } from './cron-fields.ts';

/**
 * A cron expression in words, `every day at 02:00`; undefined where words would be longer than the expression, or not
 * the whole truth: that is to be shown then. Pure.
 */
export function cronWords(expression: string): string | undefined {
  const fields = parseCron(expression);
  if (fields === undefined) return undefined;
  const [time, days, months] = [timeWords(fields), dayWords(fields), monthWords(fields)];
  if (time === undefined || days === undefined || months === undefined) return undefined;
  return sentence(time, days, months);
}

function sentence(time: TimeWords, days: DayWords, months: string | null): string {
  if (days.kind === 'dates') return `${days.words} of ${months ?? 'every month'} ${time.words}`;
  const during = months === null ? '' : ` in ${months}`;
  if (days.kind === 'all' && time.repeats) return `${time.words}${during}`;
  if (days.kind === 'all') return `every day${during} ${time.words}`;
  if (time.repeats) return `${time.words} on ${days.words}${during}`;
  return `${days.kind === 'range' ? '' : 'every '}${days.words}${during} ${time.words}`;
}

interface TimeWords {
  readonly words: string;
  /** It says how often by itself; else it is one time of a day, or a few. */
  readonly repeats: boolean;
}

/** More of anything than this is no list that a person reads. */
const LONGEST_LIST = 4;

function timeWords({ minutes, hours }: CronFields): TimeWords | undefined {
  const [minute] = minutes;
  if (minutes.length === 1 && minute !== undefined) return atMinute(minute, hours);
  const step = stepOf(minutes, 60);
  if (step === undefined) return listedMinutes(minutes, hours);
  const every = step === 1 ? 'every minute' : `every ${step} minutes`;
  const [first, last] = [hours[0] ?? 0, hours.at(-1) ?? 0];
  if (hours.length === 24) return { words: every, repeats: true };
  if (!isContiguous(hours)) return undefined;
  return { words: `${every} from ${clock(first, 0)} to ${clock(last, 60 - step)}`, repeats: true };
}

function atMinute(minute: number, hours: readonly number[]): TimeWords | undefined {
  const [first, last] = [hours[0] ?? 0, hours.at(-1) ?? 0];
  if (hours.length === 24)
    return { words: minute === 0 ? 'every hour' : `every hour at :${two(minute)}`, repeats: true };
  if (hours.length <= LONGEST_LIST)
    return { words: `at ${listed(hours.map((hour) => clock(hour, minute)))}`, repeats: false };
  const range = `from ${clock(first, minute)} to ${clock(last, minute)}`;
  if (isContiguous(hours)) return { words: `every hour ${range}`, repeats: true };
  const step = stepOf(hours, 24);
  return step === undefined ? undefined : { words: `every ${step} hours ${range}`, repeats: true };
}

function listedMinutes(minutes: readonly number[], hours: readonly number[]): TimeWords | undefined {
  if (minutes.length > LONGEST_LIST) return undefined;
  if (hours.length === 24)
    return { words: `every hour at ${listed(minutes.map((minute) => `:${two(minute)}`))}`, repeats: true };
  const times = hours.flatMap((hour) => minutes.map((minute) => clock(hour, minute)));
  return times.length > LONGEST_LIST ? undefined : { words: `at ${listed(times)}`, repeats: false };
}

interface DayWords {
  readonly kind: 'all' | 'weekdays' | 'range' | 'dates';
  readonly words: string;
}

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

/** With both given, cron means either: nobody expects that, and no words say it well. */
function dayWords({ days, weekdays }: CronFields): DayWords | undefined {
  if (days !== 'any' && weekdays !== 'any') return undefined;
  if (days !== 'any')
    return days.length > LONGEST_LIST
      ? undefined
      : { kind: 'dates', words: `the ${listed(days.map((day) => nth(day)))}` };
  if (weekdays === 'any') return { kind: 'all', words: '' };
  if (weekdays.length === 7) return { kind: 'all', words: '' };
  const names = weekdays.map((day) => WEEKDAYS[day] ?? '');
  if (names.length > 2 && isContiguous(weekdays))
    return { kind: 'range', words: `${names[0] ?? ''} to ${names.at(-1) ?? ''}` };
  return { kind: 'weekdays', words: listed(names) };
}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

/** Null: all of them. */
function monthWords({ months }: CronFields): string | null | undefined {
  if (months.length === 12) return null;
  return months.length > LONGEST_LIST ? undefined : listed(months.map((month) => MONTHS[month - 1] ?? ''));
}

/** The distance of numbers that begin at 0, are all as far apart, and go on so over the end of the whole. */
function stepOf(numbers: readonly number[], whole: number): number | undefined {
  const step = whole / numbers.length;
  return numbers.every((number, index) => number === index * step) ? step : undefined;
}

function isContiguous(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => number === (numbers[0] ?? 0) + index);
}

function nth(day: number): string {
  const isTeen = day > 10 && day < 14;
  const ending = isTeen ? 'th' : (['th', 'st', 'nd', 'rd'][day % 10] ?? 'th');
  return `${day}${ending}`;
}

function clock(hour: number, minute: number): string {
  return `${two(hour)}:${two(minute)}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

/** `a`, `a and b`, `a, b and c`. */
function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}
