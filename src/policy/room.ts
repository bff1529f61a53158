/** Below this share of the live data no compression brings it that we know of. */
const LEAST = 0.1;

/**
 * The least that a backup will take, in bytes: the last good one's size where there is one, never more than the live
 * data. On the low side, because who is refused has no backup at all; a disk that fills up later ends the run as clean.
 */
export function leastBytes(live: number, last: number | undefined): number {
  if (last === undefined) return live * LEAST;
  return live === 0 ? last : Math.min(live, last);
}
