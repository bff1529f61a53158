import type { Fingerprint } from './fingerprint.ts';

/** One line for each thing that is not the same in both, sorted by name; none if they are identical. */
export function differences(before: Fingerprint, after: Fingerprint): string[] {
  return differingNames(before, after).map((name) => {
    if (!Object.hasOwn(after, name)) return `${name}: is missing (was ${before[name] ?? ''})`;
    if (!Object.hasOwn(before, name)) return `${name}: was not there (is ${after[name] ?? ''})`;
    return `${name}: was ${before[name] ?? ''}, is ${after[name] ?? ''}`;
  });
}

/** The names of the things that are not the same in both, sorted. */
export function differingNames(before: Fingerprint, after: Fingerprint): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => before[name] !== after[name]).toSorted();
}
