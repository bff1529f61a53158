import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type RunEnd, Scheduler } from '../../src/daemons/scheduler.ts';
import { SlotRecords } from '../../src/daemons/slot-records.ts';
import type { RunRecord } from '../../src/model/runs.ts';
import type { Schedule } from '../../src/policy/schedule.ts';
import { never } from '../agents/scene.ts';

export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;
export const DONE: RunEnd = { code: 0, steppedAside: false, cancelled: false };
export const schedules: readonly Schedule[] = [
  { service: 'redis', type: 'daily', cron: '0 4 * * *' },
  { service: 'redis', type: 'weekly', cron: '0 3 * * 0' },
];

/** A scheduler of redis with records on disk, a time of its own, and runs that end as they are told to. */
export class SchedulerScene implements AsyncDisposable {
  readonly #directory: string;
  now = Date.parse('2026-08-10T12:00:00.000Z'); // a Monday
  readonly runs: string[] = [];
  readonly said: string[] = [];
  /** What went into the run history without a command. */
  readonly noted: RunRecord[] = [];
  /** What was done after backups, or without one. */
  readonly cared: string[] = [];
  cares: boolean[] = [];
  /** How the next runs end. */
  ends: (RunEnd | Error)[] = [];

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async open(): Promise<SchedulerScene> {
    return new SchedulerScene(await mkdtemp(path.join(tmpdir(), 'scheduler-')));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true });
  }

  get records(): SlotRecords {
    return new SlotRecords(this.#directory, 'redis');
  }

  /** As after a start of the process: nothing but the records is known. */
  async started(
    inForce: readonly Schedule[] = schedules,
    inRun: () => Promise<void> = () => Promise.resolve(),
  ): Promise<Scheduler> {
    const scheduler = new Scheduler({
      service: 'redis',
      schedules: () => inForce,
      care: async (_service, after) => await this.#care(after),
      zone: 'UTC',
      clock: { now: () => this.#instant() },
      records: this.records,
      run: async ({ schedule }) => await this.#run(schedule, inRun),
      note: async (run) => {
        this.noted.push(run);
        await Promise.resolve();
      },
      say: (line) => this.said.push(line),
    });
    await scheduler.begin();
    return scheduler;
  }

  /** Lets fake time pass, with a look every so often. */
  async pass(scheduler: Scheduler, milliseconds: number, step = 30 * MINUTE): Promise<void> {
    const end = this.now + milliseconds;
    while (this.now < end) {
      this.now = Math.min(end, this.now + step);
      scheduler.tick(never);
      await scheduler.idle();
    }
  }

  /** The directory of the records is gone and cannot be made while this holds. */
  async unwritable(): Promise<AsyncDisposable> {
    const place = path.dirname(this.records.file);
    await rename(place, `${place}.away`);
    await writeFile(place, '');
    return {
      async [Symbol.asyncDispose]() {
        await rm(place);
        await rename(`${place}.away`, place);
      },
    };
  }

  #instant(): string {
    return new Date(this.now).toISOString();
  }

  async #care(after: number | undefined): Promise<boolean> {
    this.cared.push(`${after} ${this.#instant()}`);
    return await Promise.resolve(this.cares.shift() ?? true);
  }

  async #run({ service, type }: Schedule, inRun: () => Promise<void>): Promise<RunEnd> {
    this.runs.push(`${service} ${type} ${this.#instant()}`);
    const end = this.ends.shift() ?? DONE;
    await inRun();
    if (end instanceof Error) throw end;
    return end;
  }
}
