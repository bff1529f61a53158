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
  #version: string;

  /** `first` must be without errors. */
  constructor(first: Configuration, load: () => Configuration, say: (line: string) => void) {
    this.#current = first;
    this.#schedules = first.schedules();
    this.#load = load;
    this.#say = say;
    this.#file = first.settings().schedule.file;
    this.#version = versionOf(this.#file);
  }

  /** The same array until others are in force. */
  get schedules(): readonly ScheduleSetting[] {
    return this.#schedules;
  }

  /** For one run: as everything is now, unless that has errors. */
  now(): Configuration {
    const configuration = this.#load();
    return configuration.errors.length === 0 ? configuration : this.#current;
  }

  look(): void {
    const version = versionOf(this.#file);
    if (version === this.#version) return;
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
