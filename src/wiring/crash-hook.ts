import { CRASH_POINTS, type CrashPoint, nothingHappens, type Reached } from '../base/crash-points.ts';
import { BackupError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';

/** For tests: the run kills or interrupts itself where it reaches a point, e.g. `manifest.linked`. */
const CRASH = 'PHYSICS_BACKUP_CRASH_AT';
const INTERRUPT = 'PHYSICS_BACKUP_INTERRUPT_AT';

/** Does nothing unless one of the two variables names a point: `point`, or `point#3` for the third time. */
export function reachedFrom(
  environment: Readonly<Record<string, string | undefined>>,
  kill: (signal: 'SIGKILL' | 'SIGINT') => void,
): Reached {
  const crash = waitFor(CRASH, environment[CRASH]);
  const interrupt = waitFor(INTERRUPT, environment[INTERRUPT]);
  if (crash === undefined && interrupt === undefined) return nothingHappens;
  return async (point) => {
    if (crash?.(point) === true) await dieBy(() => kill('SIGKILL'));
    if (interrupt?.(point) === true) {
      kill('SIGINT');
      await new Promise((resolve) => setImmediate(resolve)); // the handler runs first
    }
  };
}

function waitFor(variable: string, text = ''): ((point: CrashPoint) => boolean) | undefined {
  if (text === '') return undefined;
  const [name = '', times = '1'] = text.split('#');
  if (!(CRASH_POINTS as readonly string[]).includes(name) || !/^[1-9]\d*$/.test(times)) {
    const likely = nearest(name, CRASH_POINTS);
    throw new BackupError(`${variable}: there is no point "${text}"`, {
      kind: 'usage',
      hint: likely === undefined ? `points: ${CRASH_POINTS.join(', ')}` : `did you mean ${likely}?`,
    });
  }
  let left = Number(times);
  return (point) => point === name && (left -= 1) === 0;
}

/** Nothing may happen between the signal and the end. */
function dieBy(kill: () => void): Promise<never> {
  kill();
  return new Promise(() => undefined);
}
