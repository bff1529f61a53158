import { renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { BackupType, Service } from '../../../src/model/vocabulary.ts';
import { BACKUP_TYPES, SERVICES } from '../../../src/model/vocabulary.ts';
import { loadConfiguration, type Configuration } from '../../../src/config/load.ts';
import type { Weather } from './weather.ts';
import { type WallSchedule, Zone } from './wall-slots.ts';

export type Schedules = Readonly<Record<Service, Readonly<Partial<Record<BackupType, WallSchedule>>>>>;

/** What all services share: the time, its clock, the state directory, the schedule file, a recovery. */
export class World {
  readonly zone: Zone;
  readonly zoneName: string;
  readonly stateDirectory: string;
  /** Calm once the faults are over. */
  weather: Weather;
  /** True time, in milliseconds; nothing but the simulation knows it. */
  now: number;
  /** By how much the machine's clock is ahead of it. */
  ahead = 0;
  recoveryUntil = 0;
  #unwritableUntil: number | undefined;
  #brokenUntil: number | undefined;
  /** What the last version of the file without errors says. */
  schedules: Schedules;
  /** How often the file was written. */
  version = 0;

  constructor(base: string, zone: string, begin: number, weather: Weather, schedules: Schedules) {
    this.stateDirectory = path.join(base, 'state');
    this.#file = path.join(base, 'backup-schedule.conf');
    [this.zoneName, this.zone, this.now] = [zone, new Zone(zone), begin];
    [this.weather, this.schedules] = [weather, schedules];
    this.writeSchedules(schedules);
  }

  readonly #file: string;

  get wall(): number {
    return this.now + this.ahead;
  }

  get instant(): string {
    return new Date(this.wall).toISOString();
  }

  get isRecovering(): boolean {
    return this.now < this.recoveryUntil;
  }

  get isWritable(): boolean {
    return this.#unwritableUntil === undefined;
  }

  configuration(): Configuration {
    return loadConfiguration({ SCHEDULE_FILE: this.#file });
  }

  /** A process that starts now ends with exit code 2, and is started again. */
  get isBroken(): boolean {
    return this.#brokenUntil !== undefined;
  }

  writeSchedules(schedules: Schedules): void {
    this.#brokenUntil = undefined;
    this.schedules = schedules;
    this.#write(textOf(schedules));
  }

  /** Half a change, and a line that nobody understands. */
  breakSchedules(milliseconds: number): void {
    this.#brokenUntil = this.now + milliseconds;
    this.#write(`${textOf(this.schedules).replace('0 4 * * *', '0 5 * * *')}REDIS_WEKLY_SCHEDULE="0 0 * * *"\n`);
  }

  #write(text: string): void {
    this.version += 1;
    writeFileSync(this.#file, `# version ${this.version}\n${text}`);
  }

  /** Where the records of slots are, nothing can be written for a while. */
  makeUnwritable(milliseconds: number): void {
    if (!this.isWritable) return;
    this.#unwritableUntil = this.now + milliseconds;
    renameSync(this.#records, `${this.#records}.away`);
    writeFileSync(this.#records, '');
  }

  /** Time has passed. */
  settle(): void {
    if (this.#brokenUntil !== undefined && this.now >= this.#brokenUntil) this.writeSchedules(this.schedules);
    if (this.#unwritableUntil === undefined || this.now < this.#unwritableUntil) return;
    this.#unwritableUntil = undefined;
    rmSync(this.#records);
    renameSync(`${this.#records}.away`, this.#records);
  }

  calm(): void {
    this.weather = { ...this.weather, harshness: 0 };
    this.recoveryUntil = 0;
    this.#unwritableUntil &&= 0;
    this.settle();
    this.writeSchedules(this.schedules);
  }

  get #records(): string {
    return path.join(this.stateDirectory, 'scheduler');
  }
}

function textOf(schedules: Schedules): string {
  return SERVICES.flatMap((service) =>
    BACKUP_TYPES.filter((type) => type !== 'incremental').map((type) => {
      const cron = schedules[service][type]?.cron ?? 'off';
      return `${service}_${type}_SCHEDULE`.toUpperCase() + `="${cron}"\n`;
    }),
  ).join('');
}
