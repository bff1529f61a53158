import type { Entry, Origin } from './entries.ts';
import type { Configuration } from './load.ts';

/** A setting as it may be shown: never the value of a secret. */
export interface SettingReport {
  readonly name: string;
  readonly group: string;
  readonly about: string;
  readonly secret: boolean;
  readonly set: boolean;
  /** As written; null for a secret and where nothing is set. */
  readonly value: string | null;
  readonly origin: Origin;
  readonly where: string;
  /** Why setting it changes nothing yet; null where it does. */
  readonly note: string | null;
}

export function reportOf({ entries }: Configuration): SettingReport[] {
  return entries.map((entry) => ({
    name: entry.variable.name,
    group: entry.group,
    about: entry.variable.about,
    secret: entry.variable.secret,
    set: entry.text !== undefined,
    value: entry.variable.secret ? null : (entry.text ?? null),
    origin: entry.origin,
    where: entry.where,
    note: noteOf(entry),
  }));
}

function noteOf({ variable, origin }: Entry): string | null {
  if (variable.later === undefined || origin === 'default') return null;
  return `${variable.name} has no effect yet: ${variable.later} is not built`;
}
