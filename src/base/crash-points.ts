/**
 * Every place where being killed leaves a different state on disk or in a server. Tests end the process at each
 * one (docs/decisions/); in production reaching one does nothing.
 */
export const CRASH_POINTS = [
  // repository: one backup
  'draft.opened',
  'artifact.started',
  'artifact.synced',
  'artifact.renamed',
  'artifacts.done',
  'manifest.written',
  'manifest.linked',
  'catalogue.written',
  'proof.written',
  // restore: one service
  'restore.journalled',
  'restore.staged',
  'restore.compared',
  'swap.intended',
  'swap.done',
  'finish.intended',
  'finish.done',
] as const;

export type CrashPoint = (typeof CRASH_POINTS)[number];

/** Awaited at a crash point. */
export type Reached = (point: CrashPoint) => Promise<void>;

export const nothingHappens: Reached = () => Promise.resolve();
