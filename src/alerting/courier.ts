import { asError, BackupError } from '../base/errors.ts';
import type { AlertOutbox } from '../records/alert-outbox.ts';
import { attempt } from './patience.ts';
import { type Receiver, Refused } from './receiver.ts';

/** Times that a message is tried which its receiver refuses, before the ones behind it get their turn. */
const REFUSALS = 3;

/** Seconds between attempts while a receiver is away. */
export interface Pauses {
  readonly first: number;
  readonly longest: number;
}

export const PAUSES: Pauses = { first: 15, longest: 600 };

/** Takes what is in the outbox for one receiver to it, one message after the other, for as long as it takes. */
export class Courier {
  readonly receiver: Receiver;
  readonly #outbox: AlertOutbox;
  readonly #pauses: Pauses;
  readonly #say: (line: string) => void;
  readonly #signal: AbortSignal;
  #round: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #complaint = '';

  constructor(
    receiver: Receiver,
    outbox: AlertOutbox,
    { pauses, say, signal }: { pauses: Pauses; say: (line: string) => void; signal: AbortSignal },
  ) {
    this.receiver = receiver;
    this.#outbox = outbox;
    this.#pauses = pauses;
    this.#say = say;
    this.#signal = signal;
  }

  /** Starts a round, unless one is on its way or waits for its receiver. Never waits itself. */
  kick(): void {
    if (this.#round !== undefined || this.#timer !== undefined || this.#signal.aborted) return;
    this.#round = this.#deliver().finally(() => {
      this.#round = undefined;
    });
  }

  /** Resolves once no round is on its way; no other begins after it. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#round;
    clearTimeout(this.#timer);
  }

  /** Never rejects. */
  async #deliver(): Promise<void> {
    for (let next = this.#next(); next !== undefined && !this.#signal.aborted; next = this.#next()) {
      try {
        await attempt((signal) => this.receiver.send(next, signal), this.#signal);
        if (this.#complaint !== '') this.#say(`${this.receiver.name}: it takes alerts again`);
        [this.#failures, this.#complaint] = [0, ''];
        await this.#outbox.delivered(this.receiver.name, next.id);
      } catch (error) {
        if (this.#signal.aborted) return;
        if (await this.#givesUp(asError(error), next.id)) continue;
        return this.#later();
      }
    }
  }

  #next() {
    return this.#outbox.pending(this.receiver.name)[0];
  }

  /** Says what is wrong, once for as long as it is the same. */
  async #givesUp(error: Error, id: string): Promise<boolean> {
    this.#failures += 1;
    const hint = error instanceof BackupError && error.hint !== undefined ? ` (hint: ${error.hint})` : '';
    if (error.message !== this.#complaint) this.#say(`an alert was not delivered: ${error.message}${hint}`);
    this.#complaint = error.message;
    if (!(error instanceof Refused) || this.#failures < REFUSALS) return false;
    this.#say(`an alert is given up: ${error.message}`);
    [this.#failures, this.#complaint] = [0, ''];
    await this.#outbox.delivered(this.receiver.name, id);
    return true;
  }

  /** Twice as long after each failure. */
  #later(): void {
    const seconds = Math.min(this.#pauses.longest, this.#pauses.first * 2 ** (this.#failures - 1));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.kick();
    }, seconds * 1000);
    this.#timer.unref();
  }
}
