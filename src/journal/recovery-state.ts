import type { StagedHandle } from '../model/source.ts';
import type { BackupId, Service } from '../model/vocabulary.ts';
import type { JournalEvent, RecoveryOutcome } from './recovery-journal.ts';

/** How far one service has come. */
export interface ServiceProgress {
  readonly service: Service;
  readonly backup: BackupId;
  readonly handle: StagedHandle | undefined;
  readonly notes: readonly Readonly<Record<string, string>>[];
  /** The newest safety copy of what the swap replaced. */
  readonly safety: BackupId | undefined;
  readonly last: 'begun' | 'staged' | 'swapping' | 'swapped' | 'rolled-back' | 'finished' | 'discarded';
}

/** A recovery as its journal tells it. */
export interface RecoveryState {
  readonly services: readonly ServiceProgress[];
  readonly committed: boolean;
  /** What the operator decided after it was recovered and a crash kept from its end. */
  readonly decided: 'undoing' | 'finishing' | undefined;
  /** Undefined while it has not ended: the next run ends it. */
  readonly outcome: RecoveryOutcome | undefined;
}

/** Replays a journal. Pure. */
export function replay(events: readonly JournalEvent[]): RecoveryState {
  const begun = events.find((each) => each.event === 'begun');
  const last = events.findLast((each) => isTurn(each));
  const backups = Object.entries(begun?.backups ?? {}) as [Service, BackupId][];
  return {
    services: backups.map(([service, backup]) => serviceProgress(service, backup, events)),
    committed: events.some((each) => each.event === 'committed'),
    decided: last?.event === 'ended' ? undefined : last?.event,
    outcome: last?.event === 'ended' ? last.outcome : undefined,
  };
}

type Turn = Extract<JournalEvent, { readonly event: 'ended' | 'undoing' | 'finishing' }>;

function isTurn(event: JournalEvent): event is Turn {
  return event.event === 'ended' || event.event === 'undoing' || event.event === 'finishing';
}

function serviceProgress(service: Service, backup: BackupId, events: readonly JournalEvent[]): ServiceProgress {
  const own = events.filter((each) => 'service' in each && each.service === service);
  const verbs = own.flatMap((each) => (isVerb(each.event) ? [each.event] : []));
  return {
    service,
    backup,
    handle: own.findLast((each) => each.event === 'handle')?.handle,
    notes: own.flatMap((each) => (each.event === 'note' ? [each.note] : [])),
    safety: own.findLast((each) => each.event === 'safety')?.backup,
    last: verbs.at(-1) ?? 'begun',
  };
}

const VERBS = ['staged', 'swapping', 'swapped', 'rolled-back', 'finished', 'discarded'] as const;

function isVerb(event: JournalEvent['event']): event is (typeof VERBS)[number] {
  return (VERBS as readonly string[]).includes(event);
}
