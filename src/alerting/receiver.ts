import { BackupError } from '../base/errors.ts';
import type { AlertMessage, AlertState } from '../model/alerts.ts';
import type { Instant } from '../model/vocabulary.ts';

/** Where alerts can be sent to. Its errors, like its names, hold nothing secret. */
interface Addressee {
  /** As the outbox and the operator know it. */
  readonly name: string;
  /** Host, or address; never a whole URL, which may be a secret. */
  readonly where: string;
}

/** A receiver of messages: each has to reach it, and is kept until it did. */
export interface Receiver extends Addressee {
  /** Fails with `Refused` when this message will never be taken, with another error when a later attempt may succeed. */
  send(message: AlertMessage, signal: AbortSignal): Promise<void>;
}

/** A receiver of states: it is told at every look what fires, and has to be told nothing again. */
export interface Watcher extends Addressee {
  tell(state: AlertState, at: Instant, signal: AbortSignal): Promise<void>;
}

/** The receiver is there, and does not take this message: too long, or not what it understands. */
export class Refused extends BackupError {
  constructor(message: string, hint: string) {
    super(message, { kind: 'failed', hint });
    this.name = 'Refused';
  }
}
