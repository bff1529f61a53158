/** What was last intended for one tree. `away`: live is moved off; `in`: the staged one in; `out` and `back` undo them. */
export type Phase = 'away' | 'in' | 'out' | 'back';

export interface Progress {
  readonly staged: boolean;
  /** The last intent for each tree. */
  readonly phases: Readonly<Record<string, Phase>>;
  /** Attributes of the staged root directories where contents are exchanged, which moving changes (attributes.ts). */
  readonly attributes: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
  /** What was replaced may be gone, in part. */
  readonly finishing?: true;
  readonly ended?: 'rolled-back' | 'finished' | 'discarded';
}

interface EndNote {
  readonly step: 'staged' | 'finishing' | 'rolled-back' | 'finished' | 'discarded';
}

interface PhaseNote {
  readonly step: Phase;
  readonly tree: string;
  readonly attributes?: string;
}

/** Something of the staged files that is not as it was captured. */
interface WarningNote {
  readonly warning: string;
}

export type ApplicationNote = EndNote | PhaseNote | WarningNote;

export function progressOf(notes: readonly Readonly<Record<string, string>>[]): Progress {
  const nothing: Progress = { staged: false, phases: {}, attributes: {}, warnings: [] };
  return notes.reduce<Progress>((progress, note) => apply(progress, note as unknown as ApplicationNote), nothing);
}

function apply(progress: Progress, note: ApplicationNote): Progress {
  if ('warning' in note) return { ...progress, warnings: [...progress.warnings, note.warning] };
  if ('tree' in note) return applyPhase(progress, note);
  if (note.step === 'finishing') return { ...progress, finishing: true };
  return note.step === 'staged' ? { ...progress, staged: true } : { ...progress, ended: note.step };
}

function applyPhase(progress: Progress, { step, tree, attributes }: PhaseNote): Progress {
  const { ended: _, ...rest } = progress;
  const known = attributes === undefined ? rest.attributes : { ...rest.attributes, [tree]: attributes };
  return { ...rest, phases: { ...rest.phases, [tree]: step }, attributes: known };
}
