import type { Facts } from '../../model/facts.ts';
import type { StagedState } from '../../model/source.ts';
import type { Note } from './restore-notes.ts';

/** What the notes of an exchange say. */
export interface ExchangeProgress {
  /** Counted in the sandbox; undefined until its store was placed beside the live one. */
  readonly staged: Facts | undefined;
  /** Whether the live server was told to stop and has not been seen to answer since. */
  readonly stopping: boolean;
  /** The live server answered with what was staged. */
  readonly compared: boolean;
  readonly finishing: boolean;
  readonly ended: Extract<StagedState, 'rolled-back' | 'finished' | 'gone'> | undefined;
}

const NOTHING: ExchangeProgress = {
  staged: undefined,
  stopping: false,
  compared: false,
  finishing: false,
  ended: undefined,
};

export function exchangeProgressOf(notes: readonly Note[]): ExchangeProgress {
  return notes.reduce(after, NOTHING);
}

function after(progress: ExchangeProgress, { staged, step, ended }: Note): ExchangeProgress {
  if (staged !== undefined) return { ...progress, staged: JSON.parse(staged) as Facts };
  if (step === 'stopping') return { ...progress, stopping: true, compared: false };
  if (step === 'compared') return { ...progress, stopping: false, compared: true };
  if (step === 'finishing') return { ...progress, finishing: true };
  if (ended !== undefined) return { ...progress, ended: ended as NonNullable<ExchangeProgress['ended']> };
  return progress;
}
