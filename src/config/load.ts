import { BackupError, SeveralErrors } from '../base/errors.ts';
import { collectEntries, type Entry, type Environment } from './entries.ts';
import {
  type RetentionSetting,
  retentionsOf,
  SCHEDULES,
  type ScheduleEntry,
  scheduleEntriesOf,
  type ScheduleSetting,
  schedulesOf,
} from './schedules.ts';
import { SCHEMA, type Settings, variablesOf } from './schema.ts';

/** All that is known about the configuration, good or not. */
export interface Configuration {
  readonly entries: readonly Entry[];
  /** Every error at once, kind `usage`. */
  readonly errors: readonly BackupError[];
  /** Throws them all, when there are any. */
  settings(): Settings;
  /** The schedules that are set; what is not allowed is among the errors and not here. */
  schedules(): readonly ScheduleSetting[];
  /** What is known of the schedule of each type, whether it has one or not. */
  scheduleEntries(): readonly ScheduleEntry[];
  /** The rules of retention that are set. */
  retentions(): readonly RetentionSetting[];
}

/** Reads the environment, the files that it names and the schedule file. Never throws: errors are part of the answer. */
export function loadConfiguration(environment: Environment): Configuration {
  const errors: BackupError[] = [];
  const entries = collectEntries([...variablesOf(SCHEMA), ...SCHEDULES], environment, errors);
  const values = new Map(entries.map((entry) => [entry.variable.name, valueOf(entry, errors)]));
  complainOfContradictions(values, errors);
  complainOfZone(environment, errors);
  return {
    entries,
    errors,
    settings: () => {
      if (errors.length > 0) throw new SeveralErrors('the configuration is not usable', errors);
      return settingsOf(values);
    },
    schedules: () => schedulesOf(values),
    scheduleEntries: () => scheduleEntriesOf(entries),
    retentions: () => retentionsOf(values),
  };
}

function valueOf(entry: Entry, errors: BackupError[]): unknown {
  const { variable, text } = entry;
  if (text === undefined) return undefined;
  const value = variable.kind.parse(text);
  if (value === undefined) {
    const shown = variable.secret ? 'its value' : JSON.stringify(text);
    errors.push(usage(`${placeOf(entry)}: ${shown} is not allowed`, `allowed: ${variable.kind.allowed}`));
    return undefined;
  }
  const missing = variable.missing(value);
  if (missing !== undefined) {
    const asked = variable.secret ? variable.name : `${variable.name}=${text}`;
    errors.push(usage(`${asked}: ${missing} is not built yet`, `unset ${variable.name}`));
  }
  return value;
}

/** `POSTGRES_PORT` when that says it all, with the file otherwise. */
function placeOf({ variable, origin, where }: Entry): string {
  return origin === 'environment' || origin === 'default' ? variable.name : `${variable.name} (${where})`;
}

function complainOfContradictions(values: ReadonlyMap<string, unknown>, errors: BackupError[]): void {
  const warn = values.get('VOLUME_USAGE_THRESHOLD');
  const critical = values.get('VOLUME_CRITICAL_THRESHOLD');
  if (typeof warn === 'number' && typeof critical === 'number' && warn >= critical) {
    errors.push(
      usage(
        `VOLUME_USAGE_THRESHOLD (${warn}) must be below VOLUME_CRITICAL_THRESHOLD (${critical})`,
        'lower the first or raise the second',
      ),
    );
  }
  for (const name of values.get('BACKUP_EMAIL_ENABLED') === true ? ['BACKUP_EMAIL_TO', 'EMAIL_SMTP_HOST'] : []) {
    if (values.get(name) === undefined)
      errors.push(usage(`BACKUP_EMAIL_ENABLED=true, and ${name} is not set`, `set ${name}`));
  }
}

/** The system takes what it does not know for UTC, without a word. */
function complainOfZone({ TZ: zone }: Environment, errors: BackupError[]): void {
  if (zone === undefined || isZone(zone)) return;
  const hint = 'use a name like Europe/Berlin or UTC, or unset TZ';
  errors.push(usage(zone === '' ? 'TZ is empty' : `TZ: ${JSON.stringify(zone)} is no time zone`, hint));
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function usage(message: string, hint: string): BackupError {
  return new BackupError(message, { kind: 'usage', hint });
}

function settingsOf(values: ReadonlyMap<string, unknown>): Settings {
  const groups = Object.entries(SCHEMA).map(([group, variables]) => [
    group,
    Object.fromEntries(Object.entries(variables).map(([key, { name }]) => [key, values.get(name)])),
  ]);
  return Object.fromEntries(groups) as Settings;
}
