/**
 * One thing that was counted in a capture. A number is a count, a string a digest or a setting.
 * `expiring` counts may have become smaller by the time they are compared (keys with a time to live).
 */
export interface Fact {
  readonly value: number | string;
  readonly certainty: 'exact' | 'expiring';
}

/** Facts by name, e.g. `rows public.users`, `nodes :Student`, `keys db0 string`, `sha256 uploads/a.txt`. */
export type Facts = Readonly<Record<string, Fact>>;

export function exact(value: number | string): Fact {
  return { value, certainty: 'exact' };
}

export function expiring(value: number): Fact {
  return { value, certainty: 'expiring' };
}

/** What differs between the facts of a capture and those of its copy. */
export interface FactDifference {
  readonly name: string;
  readonly expected: number | string | undefined;
  readonly actual: number | string | undefined;
}

/** Empty when the copy holds what was captured. A fact that only one side has is a difference. */
export function compareFacts(expected: Facts, actual: Facts): FactDifference[] {
  const names = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  return [...names]
    .filter((name) => !agrees(expected[name], actual[name]))
    .toSorted()
    .map((name) => ({ name, expected: expected[name]?.value, actual: actual[name]?.value }));
}

function agrees(expected: Fact | undefined, actual: Fact | undefined): boolean {
  if (expected === undefined || actual === undefined) return false;
  if (expected.certainty === 'expiring' && typeof expected.value === 'number' && typeof actual.value === 'number')
    return actual.value <= expected.value;
  return expected.value === actual.value;
}
