import type { Situation } from '../model/situation.ts';

/** What a report holds: everything that was known, and in its first lines what matters first. */
export function reportOf(situation: Situation): object {
  const { at, recovery, conditions } = situation;
  return { format: 1, at, recoverable: recovery.possible, needsYou: conditions.length, situation };
}
