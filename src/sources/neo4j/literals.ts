import { Date, DateTime, Duration, Integer, LocalDateTime, LocalTime, Point, Time } from 'neo4j-driver';
import { daysOfDate, epochSecondOf } from './calendar.ts';
import { quoteName, quoteString } from './names.ts';

/**
 * The exact and only Cypher text of a property value: equal values give equal text, whatever order or form they came
 * in, so that digests can be made of it. Always one line. Byte arrays have no literal in Cypher: they are a block
 * comment, `bytes:` and base64, before `null`, which cypher-shell reads as null and our loader as the bytes.
 */
export function literal(value: unknown): string {
  if (typeof value === 'string') return quoteString(value);
  if (typeof value === 'number') return float(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (Array.isArray(value)) return `[${value.map(literal).join(',')}]`;
  return objectLiteral(value);
}

/** A map of properties, keys in ascending order of their code units. */
export function properties(map: Readonly<Record<string, unknown>>): string {
  const keys = Object.keys(map);
  if (keys.length > 1) keys.sort();
  let text = '{';
  for (const key of keys) text += `${text === '{' ? '' : ','}${quoteName(key)}:${literal(map[key])}`;
  return `${text}}`;
}

/** A value that came over Bolt and that nothing here knows, or that the driver could not decode. */
export class UnknownValue extends Error {}

function objectLiteral(value: unknown): string {
  const type = typeof value === 'object' && value !== null ? (value.constructor as unknown) : undefined;
  const write = OBJECTS.get(type);
  if (write === undefined) throw new UnknownValue(`no literal for a value of type ${typeof value}`);
  return write(value);
}

function float(value: number): string {
  if (!Number.isFinite(value)) return `toFloat('${value}')`;
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function integer(value: Integer): string {
  const { low, high } = value;
  return (high === 0 && low >= 0) || (high === -1 && low < 0) ? String(low) : value.toString();
}

function bytes(value: Int8Array): string {
  return `/*bytes:${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}*/null`;
}

function point({ srid, x, y, z }: Point): string {
  return `point({srid:${srid.toString()},x:${float(x)},y:${float(y)}${z === undefined ? '' : `,z:${float(z)}`}})`;
}

// The parts, because the driver's own text of one day, P1DT, is not accepted by Cypher.
function duration({ months, days, seconds, nanoseconds }: Duration): string {
  return `duration({months:${integer(months)},days:${integer(days)},seconds:${integer(seconds)},nanoseconds:${integer(nanoseconds)}})`;
}

type Day = Pick<Date, 'year' | 'month' | 'day'>;
type Clock = Pick<LocalTime, 'hour' | 'minute' | 'second' | 'nanosecond'>;

function day({ year, month, day: dayOfMonth }: Day): string {
  return `${yearText(year.toNumber())}-${two(month)}-${two(dayOfMonth)}`;
}

function yearText(year: number): string {
  const digits = String(Math.abs(year)).padStart(4, '0');
  if (year < 0) return `-${digits}`;
  return year > 9999 ? `+${digits}` : digits;
}

function clock({ hour, minute, second, nanosecond }: Clock): string {
  const fraction = nanosecond.low === 0 ? '' : `.${String(nanosecond.low).padStart(9, '0')}`;
  return `${two(hour)}:${two(minute)}:${two(second)}${fraction}`;
}

function two(value: Integer): string {
  return value.low < 10 ? `0${value.low}` : String(value.low);
}

/** `+01:00`, with seconds only where there are any. */
function offset(seconds: number): string {
  const size = Math.abs(seconds);
  const parts = [Math.floor(size / 3600), Math.floor(size / 60) % 60, size % 60].map((each) =>
    String(each).padStart(2, '0'),
  );
  return `${seconds < 0 ? '-' : '+'}${(size % 60 === 0 ? parts.slice(0, 2) : parts).join(':')}`;
}

function time(value: Time): string {
  const zone = value.timeZoneOffsetSeconds.low;
  if (zone % 60 === 0) return `time('${clock(value)}${offset(zone)}')`;
  // The text of a time has no seconds in its offset; its parts may.
  const { hour, minute, second, nanosecond } = value;
  return `time({hour:${hour.low},minute:${minute.low},second:${second.low},nanosecond:${nanosecond.low},timezone:'${offset(zone)}'})`;
}

/** Cypher multiplies them by 1000 in 64 bits, without looking. */
const EPOCH_SECOND_LIMIT = 9_223_372_036_854_775n;

/**
 * With a zone's name the instant is given, not the local time: an hour that occurs twice a year is then told apart,
 * and rules of the zone that differ between two machines do not make the text invalid.
 */
function dateTime(value: DateTime): string {
  const zone = value.timeZoneOffsetSeconds?.low ?? 0;
  const name = value.timeZoneId ?? undefined;
  const instant = epochSecond(value, zone);
  const representable = instant < EPOCH_SECOND_LIMIT && instant > -EPOCH_SECOND_LIMIT;
  if (representable && (name !== undefined || zone % 60 !== 0))
    return `datetime({epochSeconds:${instant},nanosecond:${value.nanosecond.low},timezone:${quoteString(name ?? offset(zone))}})`;
  return `datetime('${day(value)}T${clock(value)}${offset(zone)}${name === undefined ? '' : `[${name}]`}')`;
}

function epochSecond({ year, month, day: dayOfMonth, hour, minute, second }: DateTime, zone: number): bigint {
  const days = daysOfDate(year.toNumber(), month.low, dayOfMonth.low);
  return epochSecondOf(days, hour.low * 3600 + minute.low * 60 + second.low - zone);
}

// By constructor: asking the driver's type guards one after the other is slow.
const OBJECTS = new Map<unknown, (value: never) => string>([
  [Integer, integer],
  [Int8Array, bytes],
  [Point, point],
  [Duration, duration],
  [Date, (value: Date) => `date('${day(value)}')`],
  [LocalTime, (value: LocalTime) => `localtime('${clock(value)}')`],
  [LocalDateTime, (value: LocalDateTime) => `localdatetime('${day(value)}T${clock(value)}')`],
  [Time, time],
  [DateTime, dateTime],
]) as Map<unknown, (value: unknown) => string>;
