import { stopwatch } from '../base/clock.ts';
import type { Run } from '../model/agent.ts';

/** A run whose steps are timed: where the time went, in seconds by the names that progress shows. */
export interface TimedRun extends Run {
  phases(): Readonly<Record<string, number>>;
}

/** Each step lasts until the next begins; a name that comes again adds to its time. */
export function timedRun({ signal, progress }: Run): TimedRun {
  const phases: Record<string, number> = {};
  let name: string | undefined;
  let seconds = stopwatch();
  const close = (): void => {
    if (name !== undefined) phases[name] = (phases[name] ?? 0) + seconds();
    seconds = stopwatch();
  };
  return {
    signal,
    progress: {
      step(next) {
        close();
        name = next;
        progress.step(next);
      },
      bytes: (done, total) => progress.bytes(done, total),
    },
    phases() {
      close();
      return { ...phases };
    },
  };
}
