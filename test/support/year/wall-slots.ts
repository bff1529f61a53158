/** A schedule as its slots on a wall's clock; `cron` is the same for the program, `slots` knows nothing of cron. */
export interface WallSchedule {
  readonly cron: string;
  /** Every hour has these minutes, or the day has these times. */
  readonly minutes?: readonly number[];
  readonly times?: readonly (readonly [hour: number, minute: number])[];
  /** Days that have them, of a wall's calendar. */
  readonly on: (day: Day) => boolean;
}

export interface Day {
  /** 1 to 12. */
  readonly month: number;
  readonly date: number;
  /** 0 is Sunday. */
  readonly weekday: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Milliseconds that the clocks of a zone are ahead of UTC, by whole hours; they change at whole hours too. */
export class Zone {
  readonly #format: Intl.DateTimeFormat;
  readonly #offsets = new Map<number, number>();

  constructor(name: string) {
    const fields = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric' } as const;
    this.#format = new Intl.DateTimeFormat('en-US', { timeZone: name, hourCycle: 'h23', ...fields });
  }

  offset(at: number): number {
    const hour = Math.floor(at / HOUR) * HOUR;
    const known = this.#offsets.get(hour) ?? this.#offsetOf(hour);
    this.#offsets.set(hour, known);
    return known;
  }

  #offsetOf(hour: number): number {
    const parts = this.#format.formatToParts(hour);
    const part = (wanted: string): number => Number(parts.find(({ type }) => type === wanted)?.value);
    return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour')) - hour;
  }

  /** When the wall shows this (as if it were UTC): the first time of two; the end of an hour that is left out. */
  instantOf(wall: number): number {
    const around = Array.from({ length: 31 }, (_, index) => wall + (index - 15) * HOUR);
    const shown = around.map((at) => wall - this.offset(at)).filter((at) => at + this.offset(at) === wall);
    if (shown.length > 0) return Math.min(...shown);
    const changes = around.map((at) => Math.floor(at / HOUR) * HOUR).filter((at) => at + this.offset(at) > wall);
    return Math.min(...changes);
  }
}

/** Every slot after one instant and until another. */
export function slotsBetween(schedule: WallSchedule, zone: Zone, after: number, until: number): string[] {
  const found =
    schedule.minutes === undefined ? timed(schedule, zone, after, until) : hourly(schedule, zone, after, until);
  const inside = [...new Set(found)].filter((at) => at > after && at <= until);
  return inside.toSorted((a, b) => a - b).map((at) => new Date(at).toISOString());
}

function timed({ times = [], on }: WallSchedule, zone: Zone, after: number, until: number): number[] {
  const found: number[] = [];
  for (let wall = Math.floor((after - DAY) / DAY) * DAY; wall < until + 2 * DAY; wall += DAY) {
    if (!on(dayOf(wall))) continue;
    for (const [hour, minute] of times) found.push(zone.instantOf(wall + hour * HOUR + minute * MINUTE));
  }
  return found;
}

/** Every hour that there is, also one that is shown a second time. */
function hourly({ minutes = [], on }: WallSchedule, zone: Zone, after: number, until: number): number[] {
  const found: number[] = [];
  for (let hour = Math.floor(after / HOUR) * HOUR; hour <= until; hour += HOUR)
    if (on(dayOf(hour + zone.offset(hour)))) found.push(...minutes.map((minute) => hour + minute * MINUTE));
  return found;
}

function dayOf(wall: number): Day {
  const date = new Date(wall);
  return { month: date.getUTCMonth() + 1, date: date.getUTCDate(), weekday: date.getUTCDay() };
}
