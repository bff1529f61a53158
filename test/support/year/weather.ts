import type { Chance } from '../random.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How a run will end, and how long it takes if nothing comes between. */
export interface Fate {
  readonly milliseconds: number;
  /** Exit code; undefined: it throws, by a bug. */
  readonly code: number | undefined;
  readonly rows: number;
  /** The process is killed, or told to stop, in mid-run. */
  readonly end: 'own' | 'kill' | 'stop';
}

/** How often things go wrong: 1 is a bad year. */
export interface Weather {
  readonly chance: Chance;
  readonly harshness: number;
}

const BUG = -1;
/** Each exit code that a backup can end with by itself. */
const FAILURES = [1, 1, 1, 2, 3, 5, 7, 7, 7, 8, 9, BUG] as const;

/** Of a run whose server is not there. */
export const UNREACHABLE: Fate = { milliseconds: MINUTE, code: 7, rows: 0, end: 'own' };

export function fateOf({ chance, harshness }: Weather): Fate {
  const slow = chance.next();
  const milliseconds =
    slow < 0.02 * harshness
      ? chance.between(5 * HOUR, 30 * HOUR)
      : slow < 0.1 * harshness
        ? chance.between(HOUR, 5 * HOUR)
        : chance.between(MINUTE, 25 * MINUTE);
  const failed = chance.happens(0.15 * harshness);
  const shrunken = chance.happens(0.04 * harshness);
  const code = failed ? chance.pick(FAILURES) : shrunken ? 4 : 0;
  const broken = chance.next();
  const end = broken < 0.03 * harshness ? 'kill' : broken < 0.06 * harshness ? 'stop' : 'own';
  return { milliseconds, code: code === BUG ? undefined : code, rows: shrunken ? 100 : 1000, end };
}

/** What befalls the machine in a stretch of time. */
export type Fault =
  | { readonly kind: 'clock'; readonly by: number }
  | { readonly kind: 'recovery'; readonly milliseconds: number }
  | { readonly kind: 'unwritable'; readonly milliseconds: number }
  | { readonly kind: 'schedule' }
  | { readonly kind: 'broken'; readonly milliseconds: number }
  /** A server is not there: runs end with exit code 7. */
  | { readonly kind: 'unreachable'; readonly service: number; readonly milliseconds: number }
  | { readonly kind: 'kill' | 'stop'; readonly service: number; readonly down: number; readonly committed: boolean };

/** How often each comes, in a day. */
const A_DAY = {
  clock: 0.03,
  recovery: 0.05,
  unwritable: 0.02,
  schedule: 0.03,
  broken: 0.02,
  unreachable: 0.05,
  kill: 0.15,
  stop: 0.1,
};

export function faultsIn(milliseconds: number, { chance, harshness }: Weather): Fault[] {
  const comes = (often: number): boolean => chance.happens((often * harshness * milliseconds) / DAY);
  const faults: Fault[] = [];
  if (comes(A_DAY.clock)) faults.push({ kind: 'clock', by: jump(chance) });
  if (comes(A_DAY.recovery)) faults.push({ kind: 'recovery', milliseconds: chance.between(HOUR, 10 * HOUR) });
  if (comes(A_DAY.unwritable)) faults.push({ kind: 'unwritable', milliseconds: chance.between(HOUR, 40 * HOUR) });
  if (comes(A_DAY.schedule)) faults.push({ kind: 'schedule' });
  if (comes(A_DAY.broken)) faults.push({ kind: 'broken', milliseconds: chance.between(HOUR / 2, 40 * HOUR) });
  if (comes(A_DAY.unreachable))
    faults.push({ kind: 'unreachable', service: anyService(chance), milliseconds: chance.between(MINUTE, 20 * HOUR) });
  for (const kind of ['kill', 'stop'] as const)
    if (comes(A_DAY[kind]))
      faults.push({ kind, service: anyService(chance), down: outage(chance), committed: chance.happens(0.3) });
  return faults;
}

function anyService(chance: Chance): number {
  return Math.floor(chance.between(0, 4));
}

function jump(chance: Chance): number {
  const size = chance.happens(0.1) ? chance.between(20 * DAY, 50 * DAY) : chance.between(MINUTE, 2 * DAY);
  return chance.happens(0.5) ? size : -size;
}

export function outage(chance: Chance): number {
  if (chance.happens(0.5)) return 0;
  return chance.happens(0.7) ? chance.between(MINUTE, 5 * HOUR) : chance.between(5 * HOUR, 4 * DAY);
}
