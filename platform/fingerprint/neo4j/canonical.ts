import neo4j from 'neo4j-driver';

/**
 * A value of a property as text that is the same only for the same type and value: integers apart from floats, -0.0
 * from 0.0, byte arrays from lists, named zones from offsets. Throws on a type it does not know.
 */
function canonical(value: unknown): string {
  if (typeof value === 'bigint') return `int ${value}`;
  if (typeof value === 'number') return `float ${floatText(value)}`;
  if (typeof value === 'boolean') return `bool ${value}`;
  if (typeof value === 'string') return JSON.stringify(value);
  return canonicalObject(value);
}

function canonicalObject(value: unknown): string {
  if (Array.isArray(value)) return `list [${value.map(canonical).join(', ')}]`;
  if (value instanceof Int8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (neo4j.isPoint(value))
    return `point ${String(value.srid)} ${[value.x, value.y, value.z].map(coordinate).join(' ')}`;
  if (neo4j.isDuration(value))
    return `duration ${[value.months, value.days, value.seconds, value.nanoseconds].map(String).join(' ')}`;
  return canonicalTemporal(value);
}

/** In this order, because the driver's checks for the parts say nothing of the whole. */
function canonicalTemporal(value: unknown): string {
  if (neo4j.isDate(value)) return `date ${dateText(value)}`;
  if (neo4j.isLocalTime(value)) return `localtime ${timeText(value)}`;
  if (neo4j.isTime(value)) return `time ${timeText(value)} offset ${String(value.timeZoneOffsetSeconds)}`;
  if (neo4j.isLocalDateTime(value)) return `localdatetime ${dateText(value)} ${timeText(value)}`;
  if (!neo4j.isDateTime(value)) throw new TypeError(`no canonical form for ${Object.prototype.toString.call(value)}`);
  const zone = value.timeZoneId === undefined ? 'no zone' : `zone ${JSON.stringify(value.timeZoneId)}`;
  return `datetime ${dateText(value)} ${timeText(value)} offset ${String(value.timeZoneOffsetSeconds)} ${zone}`;
}

type Whole = bigint | number | { toString(): string };

function dateText(value: { year: Whole; month: Whole; day: Whole }): string {
  return `${String(value.year)}-${String(value.month)}-${String(value.day)}`;
}

function timeText(value: { hour: Whole; minute: Whole; second: Whole; nanosecond: Whole }): string {
  return [value.hour, value.minute, value.second, value.nanosecond].map(String).join(':');
}

/** Shortest text that reads back as the same number; all NaNs are one. */
function floatText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function coordinate(value: number | undefined): string {
  return value === undefined ? 'none' : floatText(value);
}

/** Properties, sorted by name. */
export function canonicalProperties(properties: Readonly<Record<string, unknown>>): [name: string, value: string][] {
  const names = Object.keys(properties).toSorted();
  return names.map((name) => [name, canonical(properties[name])]);
}
