import type { Condition } from './situation.ts';
import type { Instant } from './vocabulary.ts';

/** An alert of which the receivers were told, and that is not over. */
export interface KnownAlert {
  /** As it was at the last look that found it. */
  readonly condition: Condition;
  readonly since: Instant;
  /** Of the newest message about it. */
  readonly toldAt: Instant;
  /** The first of the looks that did not find it any more; undefined while it is there. */
  readonly clearSince?: Instant;
}

/** One that is over, kept for a while for receivers that are told of states, not of changes. */
export interface EndedAlert {
  readonly condition: Condition;
  readonly since: Instant;
  readonly endedAt: Instant;
}

/** What is known of alerts between two looks. */
export interface AlertState {
  readonly known: readonly KnownAlert[];
  readonly ended: readonly EndedAlert[];
}

export const ALERT_KINDS = ['firing', 'repeated', 'resolved'] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** An alert in a message. */
export interface ToldAlert {
  readonly condition: Condition;
  readonly since: Instant;
}

/** What a receiver is sent: alerts of one group that changed, or still are, at one look. */
export interface AlertMessage {
  /** The same for every attempt to deliver it, and for no other message. */
  readonly id: string;
  readonly kind: AlertKind;
  readonly at: Instant;
  readonly group: string;
  /** Worst first. */
  readonly alerts: readonly ToldAlert[];
}

/** A message on its way to one receiver. */
export interface Letter {
  readonly receiver: string;
  readonly message: AlertMessage;
}

/** All that is kept on disk. */
export interface AlertLedger extends AlertState {
  /** Receivers that were there at the last look: a new one is told what fires. */
  readonly receivers: readonly string[];
  /** Oldest first. */
  readonly letters: readonly Letter[];
}
