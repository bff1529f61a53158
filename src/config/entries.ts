import { readFileSync } from 'node:fs';
import { BackupError, reason } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import { parseShellFile } from './shell-file.ts';
import type { Placed } from './schema.ts';

/** Where a setting's value came from. */
export type Origin = 'default' | 'environment' | 'file' | 'schedule file';

/** A setting as it was found, before its text is looked at. */
export interface Entry extends Placed {
  /** Undefined: not set. */
  readonly text: string | undefined;
  readonly origin: Origin;
  /** `environment variable POSTGRES_PORT`, `/etc/backup.conf line 3`: for messages. */
  readonly where: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

type Complain = (message: string, hint?: string) => void;

/** What one place says about variables, by their name. */
type Found = ReadonlyMap<string, { readonly text: string; readonly where: string }>;

/** Collects the text of every variable: environment before `<NAME>_FILE` before schedule file before default. */
export function collectEntries(placed: readonly Placed[], environment: Environment, errors: BackupError[]): Entry[] {
  const complain: Complain = (message, hint) => {
    errors.push(new BackupError(message, { kind: 'usage', ...(hint === undefined ? {} : { hint }) }));
  };
  complainOfTypos(placed, environment, complain);
  const schedule = readScheduleFile(placed, environment, complain);
  return placed.map((each) => {
    const { variable } = each;
    const fromFile = variable.secret ? readSecretFile(variable.name, environment, complain) : undefined;
    const set = environment[variable.name];
    const inSchedule = schedule.get(variable.name);
    if (isSet(set))
      return { ...each, text: set, origin: 'environment', where: `environment variable ${variable.name}` };
    if (fromFile !== undefined) return { ...each, ...fromFile, origin: 'file' };
    if (inSchedule !== undefined) return { ...each, ...inSchedule, origin: 'schedule file' };
    return { ...each, text: variable.fallback, origin: 'default', where: 'default' };
  });
}

/** An empty variable is one that Compose could not fill: `${NAME:-}`. */
function isSet(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}

function readSecretFile(
  name: string,
  environment: Environment,
  complain: Complain,
): { text: string; where: string } | undefined {
  const path = environment[`${name}_FILE`];
  if (!isSet(path)) return undefined;
  if (isSet(environment[name])) complain(`${name} and ${name}_FILE are both set`, `unset one of them`);
  try {
    const text = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    if (text === '') complain(`${name}_FILE: ${path} is empty`);
    return { text, where: `file ${path} (${name}_FILE)` };
  } catch (error) {
    complain(`${name}_FILE: ${path} cannot be read: ${reason(error)}`, 'name a file that this user may read');
    return undefined;
  }
}

function readScheduleFile(placed: readonly Placed[], environment: Environment, complain: Complain): Found {
  const named = environment['SCHEDULE_FILE'];
  const path = isSet(named) ? named : placed.find((each) => each.variable.name === 'SCHEDULE_FILE')?.variable.fallback;
  const content = path === undefined ? undefined : readIfThere(path, isSet(named), complain);
  if (path === undefined || content === undefined) return new Map();
  const { assignments, problems } = parseShellFile(content);
  for (const { line, message } of problems) complain(`${path} line ${line}: ${message}`);
  const found = new Map<string, { text: string; where: string; line: number }>();
  for (const { key, value, line } of assignments) {
    const earlier = found.get(key);
    if (earlier !== undefined) complain(`${path} line ${line}: ${key} is set already in line ${earlier.line}`);
    if (mayStand(key, placed, `${path} line ${line}`, complain) && value !== '') {
      found.set(key, { text: value, where: `${path} line ${line}`, line });
    }
  }
  return found;
}

/** The default file need not be there; one that was named must. */
function readIfThere(path: string, named: boolean, complain: Complain): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (named)
      complain(`SCHEDULE_FILE: ${path} cannot be read: ${reason(error)}`, 'name a file that this user may read');
    return undefined;
  }
}

function mayStand(key: string, placed: readonly Placed[], where: string, complain: Complain): boolean {
  const known = placed.find((each) => each.variable.name === key)?.variable;
  if (known === undefined) {
    const likely = nearest(
      key,
      placed.map((each) => each.variable.name),
      Math.ceil(key.length / 2),
    );
    complain(`${where}: unknown key ${key}`, likely === undefined ? undefined : `did you mean ${likely}?`);
  } else if (known.secret) {
    complain(`${where}: ${key} is a secret and may not stand in this file`, `use ${key}_FILE or the environment`);
  } else if (key === 'SCHEDULE_FILE') {
    complain(`${where}: SCHEDULE_FILE cannot name another file`);
  }
  return known !== undefined && !known.secret;
}

/** Variables of ours that nobody knows, if they are nearly one that we know; others belong to somebody else. */
function complainOfTypos(placed: readonly Placed[], environment: Environment, complain: Complain): void {
  const known = placed.flatMap(({ variable }) =>
    variable.secret ? [variable.name, `${variable.name}_FILE`] : [variable.name],
  );
  const prefixes = new Set(known.map((name) => name.slice(0, name.indexOf('_') + 1)));
  const ours = Object.keys(environment).filter((name) => prefixes.has(name.slice(0, name.indexOf('_') + 1)));
  for (const name of ours.filter((each) => !known.includes(each))) {
    const likely = nearest(name, known);
    if (likely !== undefined) complain(`unknown environment variable ${name}`, `did you mean ${likely}?`);
  }
}
