import type { BackupType } from '../../../src/model/vocabulary.ts';
import type { Schedule } from '../../../src/policy/schedule.ts';
import type { Period, ServiceLog } from './log.ts';
import { scheduleOf } from './timetables.ts';
import type { World } from './world.ts';

/** Notes which schedule was in force from when to when, by the clock on the wall, as the scheduler could see it. */
export class Periods {
  readonly #log: ServiceLog;
  readonly #world: World;
  readonly #open = new Map<BackupType, Period>();
  readonly #epochs = new Map<BackupType, number>();

  constructor(log: ServiceLog, world: World) {
    this.#log = log;
    this.#world = world;
  }

  epochOf(type: BackupType): number {
    return this.#epochs.get(type) ?? 0;
  }

  /** Where the scheduler says that slots count anew, they are counted anew here. */
  heard(line: string): void {
    const [, type] = /^\w+ (\w+): the clock was put back: slots count from now on$/.exec(line) ?? [];
    if (type !== undefined) this.#epochs.set(type as BackupType, this.epochOf(type as BackupType) + 1);
  }

  /** The scheduler looked, and these are in force. */
  seen(schedules: readonly Schedule[]): void {
    const { wall } = this.#world;
    const { service } = this.#log;
    const own = new Map(schedules.filter((each) => each.service === service).map(({ type, cron }) => [type, cron]));
    for (const [type, period] of this.#open) {
      period.to = Math.max(period.to, wall);
      if (own.get(type) !== period.schedule.cron || this.epochOf(type) !== period.epoch) this.#open.delete(type);
    }
    for (const [type, cron] of own) {
      if (this.#open.has(type)) continue;
      const schedule = scheduleOf(cron);
      const period = { type, schedule, epoch: this.epochOf(type), from: wall, to: wall };
      this.#open.set(type, period);
      this.#log.periods.push(period);
    }
  }
}
