/** Where the time comes from, so that tests can say what time it is. */
export interface Clock {
  /** ISO 8601, UTC, milliseconds. */
  now(): string;
}

export const systemClock: Clock = { now: () => new Date().toISOString() };

/** Seconds from one instant to another. */
export function secondsBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}

/** An instant as it stands in names of files and databases: `20260816_020000`. */
export function stampOf(at: string): string {
  return at.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '_');
}

/** Seconds since this was made; not moved by changes of the clock. */
export function stopwatch(): () => number {
  const start = performance.now();
  return () => (performance.now() - start) / 1000;
}
