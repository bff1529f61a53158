import { statSync } from 'node:fs';
import { reason } from '../base/errors.ts';
import type { Configuration } from '../config/load.ts';
import type { ScheduleSetting } from '../config/schedules.ts';

/**
 * The configuration that a daemon goes by. The schedule file is read again when it changes; a version with errors is
 * refused with all of them, and what was in force before stays.
 */
export class ConfigurationInForce {
  readonly #load: () => Configuration;
  readonly #say: (line: string) => void;
  readonly #file: string;
  #current: Configuration;
  #schedules: readonly ScheduleSetting[];
  /** Of the file that was last taken or refused. */
  #version: string;
  /** Of the file at the last look. */
  #seen: string;

  /** `first` must be without errors. */
  constructor(first: Configuration, load: () => Configuration, say: (line: string) => void) {
    this.#current = first;
    this.#schedules = first.schedules();
    this.#load = load;
    this.#say = say;
    this.#file = first.settings().schedule.file;
    this.#version = versionOf(this.#file);
    this.#seen = this.#version;
  }

  /** The same array until others are in force. */
  get schedules(): readonly ScheduleSetting[] {
    return this.#schedules;
  }

  /** For one run: as everything is now, unless that has errors, or the file is just being written. */
  now(): Configuration {
    if (versionOf(this.#file) !== this.#version) return this.#current;
    const configuration = this.#load();
    const isOurs = versionOf(this.#file) === this.#version;
    return isOurs && configuration.errors.length === 0 ? configuration : this.#current;
  }

  /** A file is read once it is the same at two looks: half of one may be without errors, and without its rules. */
  look(): void {
    const version = versionOf(this.#file);
    const isBeingWritten = version !== this.#seen;
    this.#seen = version;
    if (isBeingWritten || version === this.#version) return;
    this.#version = version;
    const configuration = this.#load();
    if (configuration.errors.length > 0) {
      for (const error of configuration.errors) this.#say(`${this.#file}: ${reason(error)}`);
      this.#say(`${this.#file} has changed and is refused: the schedules before it stay in force`);
      return;
    }
    this.#current = configuration;
    this.#schedules = configuration.schedules();
    this.#say(`${this.#file} has changed: its schedules are in force`);
  }
}

/** What shows that a file was written or replaced. */
function versionOf(file: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(file);
    return `${mtimeMs} ${size} ${ino}`;
  } catch (error) {
    return reason(error);
  }
}
