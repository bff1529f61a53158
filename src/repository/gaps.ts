import type { HighWater, Removal } from './ledger.ts';

/** One backup as its place in the chain of its service. */
export interface Link {
  readonly id: string;
  readonly sequence: number;
  readonly digest: string;
  readonly previous: string | null;
}

/**
 * What shows that someone took a backup away or put an older one back: sequences are contiguous, and each backup names
 * the digest of the one before. Sentences for a person; [] when all is explained. `links` ascend by sequence.
 */
export function findGaps(links: readonly Link[], removals: readonly Removal[], mark: HighWater | undefined): string[] {
  const missing = missingRanges(links, removals, mark).map((each) => sentenceOf(each));
  return [...missing, ...broken(links, removals), ...returned(links, removals)];
}

/** How many sequences are neither there nor in the list of removals. */
export function countMissing(
  links: readonly Pick<Link, 'sequence'>[],
  removals: readonly Removal[],
  mark: HighWater | undefined,
): number {
  return missingRanges(links, removals, mark).reduce((sum, { first, last }) => sum + last - first + 1, 0);
}

/** Both ends are missing. */
interface Range {
  readonly first: number;
  readonly last: number;
}

function missingRanges(
  links: readonly Pick<Link, 'sequence'>[],
  removals: readonly Removal[],
  mark: HighWater | undefined,
): Range[] {
  const known = [...links, ...removals].map((each) => each.sequence);
  const found: Range[] = [];
  let next = 1;
  for (const sequence of [...known, (mark?.sequence ?? 0) + 1].toSorted((a, b) => a - b)) {
    if (sequence > next) found.push({ first: next, last: sequence - 1 });
    next = Math.max(next, sequence + 1);
  }
  return found;
}

function sentenceOf({ first, last }: Range): string {
  const which = first === last ? `backup ${first} is` : `backups ${first} to ${last} are`;
  return `${which} missing: neither there nor in the list of removals`;
}

function broken(links: readonly Link[], removals: readonly Removal[]): string[] {
  const digests = new Map([...removals, ...links].map((each) => [each.sequence, each.digest]));
  return links.flatMap((link, index) => {
    if (links[index - 1]?.sequence === link.sequence) return [`${link.id} has the sequence of another backup`];
    const before = digests.get(link.sequence - 1);
    const follows = before === undefined || before === link.previous;
    return follows ? [] : [`${link.id} does not follow the backup before it`];
  });
}

/** What is about to go, or was when a run was killed, is not put back by anyone. */
function returned(links: readonly Link[], removals: readonly Removal[]): string[] {
  const over = removals.filter((each) => each.pending !== true);
  const removed = new Map(over.map((each) => [each.digest, each]));
  return links.flatMap((link) => {
    const removal = removed.get(link.digest);
    return removal === undefined ? [] : [`${link.id} is there, but was removed at ${removal.at} (${removal.reason})`];
  });
}
