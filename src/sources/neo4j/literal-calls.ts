import { Date, DateTime, Duration, Integer, int, LocalDateTime, LocalTime, Point, Time } from 'neo4j-driver';
import { dateOfDays, splitEpochSecond } from './calendar.ts';

/** What a function takes by name. */
export type Parts = Readonly<Record<string, unknown>>;

/** The value of a function of Cypher; undefined for an unknown function, or an argument that is none of its own. */
export function callOf(name: string, argument: unknown): unknown {
  return CALLS[name]?.(argument as Parts | string);
}

const CALLS: Readonly<Record<string, (argument: Parts | string) => unknown>> = {
  date: (text) => ofText(text, DATE, (fields) => new Date(...dateFields(fields))),
  localtime: (text) => ofText(text, LOCAL_TIME, (fields) => new LocalTime(...clockFields(fields))),
  localdatetime: (text) =>
    ofText(text, LOCAL_DATE_TIME, (fields) => new LocalDateTime(...dateFields(fields), ...clockFields(fields))),
  time: (argument) => (typeof argument === 'string' ? timeOfText(argument) : timeOfParts(argument)),
  datetime: (argument) => (typeof argument === 'string' ? dateTimeOfText(argument) : dateTimeOfParts(argument)),
  duration: (parts) =>
    ofParts(parts, ['months', 'days', 'seconds', 'nanoseconds'], (fields) => new Duration(...(fields as Four))),
  point: pointOf,
  toFloat: (argument: unknown) => (typeof argument === 'number' ? argument : FLOATS[String(argument)]),
};

const FLOATS: Readonly<Record<string, number>> = { NaN, Infinity, '-Infinity': -Infinity };

const DAY = String.raw`(?<year>[+-]?\d{4,9})-(?<month>\d\d)-(?<day>\d\d)`;
const CLOCK = String.raw`(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)(?:\.(?<nano>\d{1,9}))?`; // nine digits from us, as few as need be from Cypher
const OFFSET = String.raw`(?<offset>[+-]\d\d:\d\d(?::\d\d)?)`;
const DATE = new RegExp(`^${DAY}$`);
const LOCAL_TIME = new RegExp(`^${CLOCK}$`);
const TIME = new RegExp(`^${CLOCK}${OFFSET}$`);
const LOCAL_DATE_TIME = new RegExp(`^${DAY}T${CLOCK}$`);
const DATE_TIME = new RegExp(String.raw`^${DAY}T${CLOCK}(?:Z|${OFFSET})(?:\[(?<zone>[^\]]+)\])?$`);

type Fields = Readonly<Record<string, string | undefined>>;
type Three = [Integer, Integer, Integer];
type Four = [Integer, Integer, Integer, Integer];

function ofText<T>(text: unknown, pattern: RegExp, make: (fields: Fields) => T): T | undefined {
  const fields = typeof text === 'string' ? pattern.exec(text)?.groups : undefined;
  return fields === undefined ? undefined : make(fields);
}

function ofParts<T>(parts: unknown, names: readonly string[], make: (fields: Integer[]) => T): T | undefined {
  const values = names.map((name) => (parts as Parts)[name]).filter((each) => each instanceof Integer);
  return values.length === names.length && typeof parts === 'object' ? make(values) : undefined;
}

function dateFields({ year, month, day }: Fields): Three {
  return [whole(year), whole(month), whole(day)];
}

function clockFields({ hour, minute, second, nano }: Fields): Four {
  return [whole(hour), whole(minute), whole(second), whole(nano?.padEnd(9, '0'))];
}

function whole(digits: string | undefined): Integer {
  return int(Number(digits ?? 0));
}

/** Seconds of `+01:00` or `-00:44:30`; undefined for a zone's name. */
function offsetSeconds(text: string | undefined): number | undefined {
  const [, sign, hours, minutes, seconds] = /^([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(text ?? '') ?? [];
  if (sign === undefined) return undefined;
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds ?? 0);
  return sign === '-' ? -size : size;
}

function timeOfText(text: string): Time | undefined {
  return ofText(text, TIME, (fields) => new Time(...clockFields(fields), int(offsetSeconds(fields['offset']) ?? 0)));
}

function timeOfParts(parts: Parts): Time | undefined {
  const zone = offsetSeconds(String(parts['timezone']));
  if (zone === undefined) return undefined;
  return ofParts(
    parts,
    ['hour', 'minute', 'second', 'nanosecond'],
    (fields) => new Time(...(fields as Four), int(zone)),
  );
}

/** As Cypher prints it too: the offset may have seconds, the zone's name may follow. */
export function dateTimeOfText(text: string): DateTime | undefined {
  return ofText(text, DATE_TIME, (fields) =>
    zoned([...dateFields(fields), ...clockFields(fields)], offsetSeconds(fields['offset']) ?? 0, fields['zone']),
  );
}

type Seven = [...Three, ...Four];

/**
 * The driver sends the instant, local time less offset, and the zone's name: so any offset is as good as the zone's
 * own. Its constructor would refuse the name of a zone that the server knows and JavaScript does not.
 */
function zoned(fields: Seven, offset: number, zone: string | undefined): DateTime {
  const value = new DateTime(...fields, int(offset));
  if (zone === undefined) return value;
  return Object.assign(Object.create(DateTime.prototype) as DateTime, value, { timeZoneId: zone });
}

function dateTimeOfParts(parts: Parts): DateTime | undefined {
  const { timezone } = parts;
  if (typeof timezone !== 'string') return undefined;
  const offset = offsetSeconds(timezone);
  return ofParts(parts, ['epochSeconds', 'nanosecond'], ([instant = int(0), nanosecond = int(0)]) => {
    const { days, secondOfDay } = splitEpochSecond(instant.toBigInt() + BigInt(offset ?? 0));
    const { year, month, day } = dateOfDays(days);
    const clock = [Math.floor(secondOfDay / 3600), Math.floor(secondOfDay / 60) % 60, secondOfDay % 60].map((each) =>
      int(each),
    );
    const fields = [int(year), int(month), int(day), ...clock, nanosecond] as Seven;
    return zoned(fields, offset ?? 0, offset === undefined ? timezone : undefined);
  });
}

function pointOf(parts: unknown): Point | undefined {
  const { srid, x, y, z } = parts as Parts;
  if (!(srid instanceof Integer) || typeof x !== 'number' || typeof y !== 'number') return undefined;
  if (z === undefined) return new Point(srid, x, y);
  return typeof z === 'number' ? new Point(srid, x, y, z) : undefined;
}
