import path from 'node:path';
import { reason } from '../base/errors.ts';
import { type FileLock, lockFile } from '../base/file-lock.ts';
import type { Processes } from '../base/processes.ts';
import type { Configuration } from '../config/load.ts';
import type { Situation } from '../model/situation.ts';
import { openAlerter } from './alerts.ts';

type Alerter = Awaited<ReturnType<typeof openAlerter>>;

/**
 * Of several monitors over one state directory one tells: what each of them said and wrote would be said twice, and
 * undone by the other. Another takes over at its first look after that one has ended, however it ended. Where the lock
 * cannot be had for another reason (a disk that takes nothing) alerts are told without it: rather twice than never.
 */
export class LoneAlerter implements AsyncDisposable {
  readonly #configuration: Configuration;
  readonly #processes: Processes;
  readonly #say: (line: string) => void;
  #alerter: Alerter | undefined;
  #lock: FileLock | undefined;
  #saidOther = false;

  private constructor(configuration: Configuration, processes: Processes, say: (line: string) => void) {
    this.#configuration = configuration;
    this.#processes = processes;
    this.#say = say;
  }

  /** Fails as `openAlerter` does. */
  static async open(
    configuration: Configuration,
    processes: Processes,
    say: (line: string) => void,
    signal: AbortSignal,
  ): Promise<LoneAlerter> {
    const alone = new LoneAlerter(configuration, processes, say);
    await alone.#begin(signal);
    return alone;
  }

  /** Tells of a look, unless another monitor does. */
  async observe(situation: Situation, signal: AbortSignal): Promise<void> {
    if (this.#alerter === undefined) await this.#begin(signal);
    await this.#alerter?.observe(situation);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#alerter?.[Symbol.asyncDispose]();
    await this.#lock?.[Symbol.asyncDispose]();
  }

  async #begin(signal: AbortSignal): Promise<void> {
    if (!(await this.#isAlone(signal))) {
      if (!this.#saidOther) this.#say('another monitor tells the alerts; this one begins when that has ended');
      this.#saidOther = true;
      return;
    }
    this.#alerter = await openAlerter(this.#configuration, this.#say);
  }

  async #isAlone(signal: AbortSignal): Promise<boolean> {
    const { state } = this.#configuration.settings().run;
    try {
      this.#lock = await lockFile(path.join(state, 'alerts', '.lock'), 'exclusive', this.#processes, signal);
      return this.#lock !== undefined;
    } catch (error) {
      if (!signal.aborted) this.#say(`whether another monitor tells the alerts is not known: ${reason(error)}`);
      return !signal.aborted;
    }
  }
}
