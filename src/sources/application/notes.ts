/** What was last intended for one tree. `away`: live is moved off; `in`: the staged one in; `out` and `back` undo them. */
export type Phase = 'away' | 'in' | 'out' | 'back';

/** Attributes of the root directories where contents are exchanged, which moving changes (attributes.ts). */
export interface Roots {
  readonly live: string;
  readonly staged: string;
}

export interface Progress {
  readonly staged: boolean;
  /** The last intent for each tree. */
  readonly phases: Readonly<Record<string, Phase>>;
  readonly roots: Readonly<Record<string, Roots>>;
  readonly ended?: 'rolled-back' | 'finished' | 'discarded';
}

export interface EndNote {
  readonly step: 'staged' | 'rolled-back' | 'finished' | 'discarded';
}

export interface PhaseNote extends Partial<Roots> {
  readonly step: Phase;
  readonly tree: string;
}

export type ApplicationNote = EndNote | PhaseNote;

export function progressOf(notes: readonly Readonly<Record<string, string>>[]): Progress {
  const nothing: Progress = { staged: false, phases: {}, roots: {} };
  return notes.reduce<Progress>((progress, note) => apply(progress, note as unknown as ApplicationNote), nothing);
}

function apply(progress: Progress, note: ApplicationNote): Progress {
  if ('tree' in note) return applyPhase(progress, note);
  return note.step === 'staged' ? { ...progress, staged: true } : { ...progress, ended: note.step };
}

function applyPhase(progress: Progress, { step, tree, live, staged }: PhaseNote): Progress {
  const { ended: _, ...rest } = progress;
  const roots = live === undefined || staged === undefined ? {} : { [tree]: { live, staged } };
  return { ...rest, phases: { ...rest.phases, [tree]: step }, roots: { ...rest.roots, ...roots } };
}
