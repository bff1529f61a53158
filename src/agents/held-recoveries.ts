import { BackupError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Agent } from '../model/agent.ts';

/** A restore that a caller keeps open: one agent for all its verbs, which come one after the other. */
class HeldRecovery {
  readonly #open: (log: Log) => Promise<Agent>;
  readonly #log: SwitchedLog;
  #agent: Agent | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(open: (log: Log) => Promise<Agent>, own: Log) {
    this.#open = open;
    this.#log = new SwitchedLog(own);
  }

  /** What the agent notes meanwhile goes to `log`. */
  async do<T>(log: Log, work: (agent: Agent) => Promise<T>): Promise<T> {
    return await this.#inTurn(async () => {
      using _switched = this.#log.to(log);
      this.#agent ??= await this.#open(this.#log);
      return await work(this.#agent);
    });
  }

  async release(recovery: string): Promise<void> {
    await this.#inTurn(() => this.#agent?.release(recovery) ?? Promise.resolve());
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/** All restores that callers keep open. */
export class HeldRecoveries {
  readonly #held = new Map<string, HeldRecovery>();

  /** Held until `released` resolves, and the verb that is being done has ended. `held` is called once it is. */
  async hold(
    recovery: string,
    open: (log: Log) => Promise<Agent>,
    own: Log,
    released: Promise<unknown>,
    held: () => void,
  ): Promise<void> {
    if (this.#held.has(recovery))
      throw new BackupError(`another run holds recovery ${recovery}`, { kind: 'busy', retrySafe: true });
    const hold = new HeldRecovery(open, own);
    this.#held.set(recovery, hold);
    try {
      held();
      await released;
      await hold.release(recovery);
    } finally {
      this.#held.delete(recovery);
    }
  }

  async do<T>(recovery: string, log: Log, work: (agent: Agent) => Promise<T>): Promise<T> {
    const hold = this.#held.get(recovery);
    if (hold !== undefined) return await hold.do(log, work);
    throw new BackupError(`nobody holds recovery ${recovery}`, { kind: 'conflict', hint: 'run the command again' });
  }
}

/** A log whose lines go where the verb that is being done wants them. */
class SwitchedLog implements Log {
  readonly #own: Log;
  #to: Log;

  constructor(own: Log) {
    this.#own = own;
    this.#to = own;
  }

  to(log: Log): Disposable {
    this.#to = log;
    return {
      [Symbol.dispose]: () => {
        this.#to = this.#own;
      },
    };
  }

  readonly debug: Log['debug'] = (message, fields) => this.#to.debug(message, fields);
  readonly info: Log['info'] = (message, fields) => this.#to.info(message, fields);
  readonly warn: Log['warn'] = (message, fields) => this.#to.warn(message, fields);
  readonly error: Log['error'] = (message, fields) => this.#to.error(message, fields);
}
