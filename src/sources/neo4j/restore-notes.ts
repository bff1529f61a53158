import type { Facts } from '../../model/facts.ts';
import type { StagedState } from '../../model/source.ts';
import type { BackupId } from '../../model/vocabulary.ts';

/** One line of the journal. */
export type Note = Readonly<Record<string, string>>;

/** What the notes of a restore say. */
export interface Progress {
  /** Counted in the sandbox; undefined until all was loaded there. */
  readonly staged: Facts | undefined;
  readonly safety: BackupId | undefined;
  /** What the live graph is where it has no marker. */
  readonly live: 'staged' | 'swapped' | 'rolled-back';
  /** The rewrite that was compared with its facts last, and begun after by no other. */
  readonly verified: 'swap' | 'rollback' | undefined;
  readonly ended: Extract<StagedState, 'rolled-back' | 'finished' | 'gone'> | undefined;
}

const NOTHING: Progress = {
  staged: undefined,
  safety: undefined,
  live: 'staged',
  verified: undefined,
  ended: undefined,
};

export function stagedNote(facts: Facts): Note {
  return { staged: JSON.stringify(facts) };
}

export function progressOf(notes: readonly Note[]): Progress {
  return notes.reduce(after, NOTHING);
}

/** A note of the start of a rewrite says what was verified before no longer; the marker says where it got to. */
function after(progress: Progress, note: Note): Progress {
  const { staged, safety, verified, ended } = note;
  if (staged !== undefined) return { ...progress, staged: JSON.parse(staged) as Facts };
  if (note['swapping'] !== undefined)
    return {
      ...progress,
      verified: undefined,
      live: 'staged',
      safety: (safety as BackupId | undefined) ?? progress.safety,
    };
  if (note['rolling-back'] !== undefined) return { ...progress, verified: undefined };
  if (verified === 'swap') return { ...progress, verified, live: 'swapped' };
  if (verified === 'rollback') return { ...progress, verified, live: 'rolled-back' };
  if (ended !== undefined) return { ...progress, ended: ended as NonNullable<Progress['ended']> };
  return progress;
}
