import neo4j from 'neo4j-driver';

const { Date, DateTime, Duration, LocalDateTime, LocalTime, Point, Time } = neo4j.types;
const WGS84 = 4326n;
const WGS84_3D = 4979n;
const CARTESIAN = 7203n;
const CARTESIAN_3D = 9157n;

/** Every property type at its limits; one node each, so that a difference names one kind. */
export const EVERY_VALUE: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  integers: { most: 9223372036854775807n, least: -9223372036854775808n, zero: 0n, unsafe: 9007199254740993n },
  floats: {
    negativeZero: -0,
    zero: 0,
    whole: 1,
    nan: NaN,
    most: Number.MAX_VALUE,
    least: Number.MIN_VALUE,
    infinite: Infinity,
    negativeInfinite: -Infinity,
    third: 1 / 3,
    big: 1e21,
  },
  truths: { yes: true, no: false },
  strings: {
    empty: '',
    quotes: `'single' "double" \`backtick\``,
    backslashes: 'C:\\new\\table \\u0041 \\\\',
    lines: 'one\ntwo\r\nthree\ttab\u0000nul\u0008',
    marks: 'Cafe\u0301 is not Café',
    emoji: '👩🏽‍🔬🏳️‍🌈',
    rightToLeft: '\u202Eשלום عليكم',
    separators: '\u2028\u2029\uFEFF',
    code: "}) DETACH DELETE n; // ; $param {x: 'y'}",
    long: 'Lorem ipsum '.repeat(4000),
  },
  dates: {
    day: new Date(2024n, 2n, 29n),
    ancient: new Date(-44n, 3n, 15n),
    last: new Date(999999999n, 12n, 31n),
    first: new Date(-999999999n, 1n, 1n),
  },
  times: {
    local: new LocalTime(23n, 59n, 59n, 999999999n),
    midnight: new LocalTime(0n, 0n, 0n, 0n),
    east: new Time(12n, 0n, 0n, 1n, 50400n),
    west: new Time(12n, 30n, 0n, 0n, -1800n),
    utc: new Time(1n, 2n, 3n, 0n, 0n),
  },
  instants: {
    local: new LocalDateTime(2025n, 3n, 30n, 2n, 30n, 0n, 123456789n),
    offset: new DateTime(2025n, 1n, 1n, 0n, 0n, 0n, 5n, -12600n),
    utc: new DateTime(1969n, 12n, 31n, 23n, 59n, 59n, 999999999n, 0n),
    zone: new DateTime(2025n, 7n, 1n, 12n, 0n, 0n, 0n, 7200n, 'Europe/Berlin'),
    foldEarly: new DateTime(2025n, 10n, 26n, 2n, 30n, 0n, 0n, 7200n, 'Europe/Berlin'),
    foldLate: new DateTime(2025n, 10n, 26n, 2n, 30n, 0n, 0n, 3600n, 'Europe/Berlin'),
    sameAsOffset: new DateTime(2025n, 7n, 1n, 12n, 0n, 0n, 0n, 7200n),
    kolkata: new DateTime(2024n, 2n, 29n, 23n, 59n, 59n, 1n, 19800n, 'Asia/Kolkata'),
    named: new DateTime(2024n, 1n, 1n, 0n, 0n, 0n, 0n, 0n, 'UTC'),
  },
  durations: {
    none: new Duration(0n, 0n, 0n, 0n),
    day: new Duration(0n, 1n, 0n, 0n),
    hours: new Duration(0n, 0n, 86400n, 0n),
    mixed: new Duration(14n, -3n, 7n, 500000000n),
    negative: new Duration(-1n, 0n, -1n, 1n),
    large: new Duration(12000n, 999999n, 123456789n, 999999999n),
  },
  points: {
    flat: new Point(CARTESIAN, 1.5, -0),
    solid: new Point(CARTESIAN_3D, 1e-300, 2, 3e300),
    place: new Point(WGS84, 13.404954, 52.520008),
    summit: new Point(WGS84_3D, 86.925, 27.9881, 8848.86),
  },
  bytes: { bytes: Int8Array.from([0, 1, -1, 127, -128]), none: new Int8Array(0) },
  lists: {
    empty: [],
    integers: [1n, -9223372036854775808n, 0n],
    floats: [0, -0, NaN, Infinity, 1.5],
    wholeFloats: [1, 2, 3],
    truths: [true, false],
    strings: ['', "a'b", 'ü\\', '日本'],
    single: ['x'],
    dates: [new Date(2024n, 2n, 29n)],
    times: [new Time(1n, 2n, 3n, 4n, 3600n)],
    localTimes: [new LocalTime(1n, 2n, 3n, 4n), new LocalTime(0n, 0n, 0n, 0n)],
    localDateTimes: [new LocalDateTime(2024n, 1n, 1n, 1n, 1n, 1n, 1n)],
    dateTimes: [
      new DateTime(2025n, 7n, 1n, 12n, 0n, 0n, 0n, 7200n, 'Europe/Berlin'),
      new DateTime(2025n, 7n, 1n, 12n, 0n, 0n, 0n, 7200n),
    ],
    durations: [new Duration(1n, 2n, 3n, 4n)],
    points: [new Point(CARTESIAN, 0, 0), new Point(CARTESIAN, -1, 1)],
  },
  names: { 'weird `key`': 1n, 'with space': 2n, ключ: 3n, '1starts.with-digit': 4n, 'quo\'te"': 5n, 'line\nbreak': 6n },
};
