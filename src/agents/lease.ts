import { BackupError } from '../base/errors.ts';
import { type AgentAddress, type Listener, type OpenCall, openCall } from './call.ts';

/**
 * Keeps a restore open in its agent between the verbs: a call that lasts. The agent lets go of the service when it
 * ends, however it ends, so a caller that is killed holds nothing.
 */
export class Lease {
  readonly #call: OpenCall<'hold'>;
  #alive = true;

  private constructor(call: OpenCall<'hold'>) {
    this.#call = call;
    call.result.then(this.#over, this.#over);
  }

  /** Resolves once the agent holds the recovery. */
  static async open(recovery: string, address: AgentAddress, signal: AbortSignal, listener: Listener): Promise<Lease> {
    const { promise: held, resolve } = Promise.withResolvers<null>();
    // Not the caller's signal: what was staged is put back after an abort, and under this lease.
    const call = openCall(address, 'hold', { recovery }, new AbortController().signal, (line) => {
      if (line.event === 'held') resolve(null);
      else listener(line);
    });
    const lease = new Lease(call);
    const abort = (): void => call.release();
    signal.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([held, call.result]); // the result is an error: nothing is let go before it is held
      return lease;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Resolves once the agent has let go; an agent that is gone has. */
  async end(): Promise<void> {
    if (this.#alive) this.#call.release();
    await this.#call.result.catch((error: unknown) => {
      if (!(error instanceof BackupError && error.kind === 'unreachable')) throw error;
    });
  }

  readonly #over = (): void => {
    this.#alive = false;
  };
}
