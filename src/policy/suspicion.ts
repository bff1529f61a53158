import type { Facts } from '../model/facts.ts';

/** Below this share of the predecessor's count a fact has shrunk suspiciously. */
const LIMIT = 0.5;
/** Counts this small shrink for ordinary reasons. */
const SMALL = 20;

/**
 * Why a capture looks like one of an emptied or damaged service, against the facts of the last good backup;
 * empty when it does not. Only exact counts are compared: what expires shrinks by itself.
 */
export function suspicions(current: Facts, predecessor: Facts): string[] {
  return Object.entries(predecessor).flatMap(([name, before]) => {
    const now = current[name]?.value ?? 0;
    if (before.certainty !== 'exact' || typeof before.value !== 'number' || typeof now !== 'number') return [];
    if (before.value < SMALL || now >= before.value * LIMIT) return [];
    return [`${name}: ${before.value} before, ${now} now`];
  });
}
