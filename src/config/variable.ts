import type { Kind } from './kinds.ts';
import { text } from './kinds.ts';

/** One setting that an operator can make, by an environment variable or a line of the schedule file. */
export interface Variable<T> {
  readonly name: string;
  /** What it is, for `config show`. */
  readonly about: string;
  readonly kind: Kind<T & {}>;
  /** As it would be written; undefined: not set unless somebody sets it. */
  readonly fallback: string | undefined;
  /** A secret is never shown, may come from the file that `<NAME>_FILE` names, and never from the schedule file. */
  readonly secret: boolean;
  /** The feature that will read this, in a version to come: until then it is checked, and said to have no effect. */
  readonly later: string | undefined;
  /** The feature that a value asks for and this version does not have: an error. */
  missing(value: T & {}): string | undefined;
}

const nothing = (): undefined => undefined;

/** A variable that always has a value. */
export function variable<T>(name: string, kind: Kind<T>, fallback: string, about: string): Variable<T> {
  return { ...optional(name, kind, about), fallback };
}

/** A variable without a default. */
export function optional<T>(name: string, kind: Kind<T>, about: string): Variable<T | undefined> {
  return {
    name,
    about,
    kind: kind as Kind<T & {}>,
    fallback: undefined,
    secret: false,
    later: undefined,
    missing: nothing,
  };
}

export function secret(name: string, about: string, kind: Kind<string> = text): Variable<string | undefined> {
  return { ...optional(name, kind, about), secret: true };
}

/** Refuses the values that this version could only ignore: what was asked for must never silently not happen. */
export function unbuilt<T>(
  from: Variable<T>,
  feature: string,
  asksForIt: (value: T & {}) => boolean = (value) => value === true,
): Variable<T> {
  return { ...from, missing: (value) => (asksForIt(value) ? feature : undefined) };
}

/** Only says how a feature that is not built yet would work; asks for nothing by itself. */
export function later<T>(from: Variable<T>, feature: string): Variable<T> {
  return { ...from, later: feature };
}
