/** What a scheduler said of a slot of one type. */
export interface SaidSlot {
  readonly slot: string;
  /** So many slots directly before it were said to be missed. */
  readonly missed: number;
  /** There are more of them than were counted. */
  readonly atLeast: boolean;
  /** The slot itself was given up, not run. */
  readonly givenUp: boolean;
}

const SLOT = /: (?:its schedule has changed: )?the slot of (\S+?Z)(?: was missed)?(?:, as|;|, with)?(?: (?:was|were))?/;
const BEFORE = /(at least )?(\d+) before it/;

/** Of the lines of a scheduler, with or without the time before them, those on the slots of a service's type. */
export function saidSlots(lines: readonly string[], service: string, type: string): SaidSlot[] {
  return lines
    .filter((line) => new RegExp(`^(?:\\S+Z )?${service} ${type}: `).test(line))
    .flatMap((line) => {
      const slot = SLOT.exec(line)?.[1];
      const [, more, missed = '0'] = BEFORE.exec(line) ?? [];
      const givenUp = line.includes('not made up for') || line.includes('not tried again');
      return slot === undefined ? [] : [{ slot, missed: Number(missed), atLeast: more !== undefined, givenUp }];
    });
}

/** The slots among `expected` (ascending) that were neither run nor said to be missed. */
export function unaccounted(
  expected: readonly string[],
  run: ReadonlySet<string>,
  said: readonly SaidSlot[],
): string[] {
  const excused = new Set(
    said.flatMap(({ slot, missed, atLeast, givenUp }) => {
      const end = expected.filter((each) => each < slot).length;
      const before = expected.slice(atLeast ? 0 : Math.max(0, end - missed), end);
      return givenUp ? [slot, ...before] : before;
    }),
  );
  return expected.filter((slot) => !run.has(slot) && !excused.has(slot));
}
