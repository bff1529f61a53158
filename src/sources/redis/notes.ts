import type { StagedState } from '../../model/source.ts';
import type { BackupId } from '../../model/vocabulary.ts';
import type { RedisInfo } from '../../sandbox/redis-connection.ts';

/** Which copy is being written over the live data. */
export type Direction = 'swap' | 'rollback';

/** One line of a restore's journal, as this source writes it. */
export type RedisNote =
  | { readonly step: 'configuring'; readonly settings: string }
  | { readonly step: 'configured-back' }
  | { readonly step: 'safety'; readonly backup: BackupId }
  | { readonly step: 'replicating'; readonly direction: Direction; readonly replid: string; readonly touched: string }
  | { readonly step: 'loaded'; readonly direction: Direction; readonly replid: string }
  | { readonly step: 'swapped' | 'rolled-back' | 'finished' | 'discarded' };

/** What the notes so far say. */
export interface Progress {
  /** Settings of the live server to put back, as they were. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly safety?: BackupId;
  /** The last intent to overwrite the live data. */
  readonly intent?: { readonly direction: Direction; readonly replid: string; readonly touched: boolean };
  /** The replication id that the live server took over with the data of the last intent. */
  readonly loaded?: string;
  readonly ended?: 'swapped' | 'rolled-back' | 'finished' | 'discarded';
}

export function progressOf(notes: readonly Readonly<Record<string, string>>[]): Progress {
  return notes.reduce<Progress>((progress, note) => apply(progress, note as unknown as RedisNote), {});
}

function apply(progress: Progress, note: RedisNote): Progress {
  switch (note.step) {
    case 'configuring':
      return { ...progress, settings: JSON.parse(note.settings) as Record<string, string> };
    case 'configured-back': {
      const { settings: _, ...rest } = progress;
      return rest;
    }
    case 'safety':
      return { ...progress, safety: note.backup };
    case 'replicating': {
      const { loaded: _, ended: __, ...rest } = progress;
      const { direction, replid } = note;
      return { ...rest, intent: { direction, replid, touched: note.touched === 'true' } };
    }
    case 'loaded':
      return { ...progress, loaded: note.replid };
    case 'swapped':
    case 'rolled-back':
    case 'finished':
    case 'discarded':
      return { ...progress, ended: note.step };
  }
}

/**
 * What the live server holds, as its replication ids tell: it takes over the id of the sandbox with the data, and on
 * promotion keeps it as the second one; an id that was never exchanged means data that was never overwritten. A
 * restart forgets all ids: `unknown`.
 */
export type LiveData = 'untouched' | 'replicating' | 'taken' | 'unknown';

export function liveData(progress: Progress, info: RedisInfo): LiveData {
  const { intent, loaded } = progress;
  const ids = [info['master_replid'], info['master_replid2']];
  if (intent === undefined) return 'untouched';
  if (!intent.touched && ids.includes(intent.replid)) return 'untouched';
  if (info['role'] !== 'master') return 'replicating';
  return loaded !== undefined && ids.includes(loaded) ? 'taken' : 'unknown';
}

export function stateOf(progress: Progress, info: RedisInfo, sandboxRuns: boolean): StagedState {
  if (progress.ended === 'finished') return 'finished';
  if (progress.ended === 'discarded') return 'gone';
  if (progress.ended === 'rolled-back') return 'rolled-back';
  if (progress.ended === 'swapped' && info['role'] === 'master') return 'swapped';
  if (liveData(progress, info) !== 'untouched') return 'swapping';
  return sandboxRuns ? 'staged' : 'staging';
}
