import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, stopwatch } from '../../base/clock.ts';
import { asError, BackupError, reason } from '../../base/errors.ts';
import type { Situation } from '../../model/situation.ts';
import type { Instant } from '../../model/vocabulary.ts';
import { type Expected, inDoubt, unseen } from '../../policy/doubt.ts';

/** Told of what is known after each look, good or not; one that fails or hangs holds nobody up. */
export type Observer = (situation: Situation, signal: AbortSignal) => Promise<void>;

export interface LooksDeps {
  /** One look at the whole platform. */
  readonly look: (signal: AbortSignal) => Promise<Situation>;
  readonly observers: readonly Observer[];
  readonly expected: Expected;
  readonly intervalSeconds: number;
  /** Seconds that one look may take. */
  readonly limitSeconds: number;
  /** Seconds until the next look after one that failed, if the interval is longer. */
  readonly retrySeconds: number;
  readonly clock: Clock;
  /** To the operator and the log. */
  readonly say: (line: string) => void;
  /** Details for the log alone. */
  readonly note: (message: string, error: Error) => void;
}

/** What is known now, and how well. */
export interface Sight {
  /** Safe to show: nothing in it is healthy unless the sight is current. */
  readonly situation: Situation;
  /** Current; an older one that nothing vouches for any more; or nothing has been seen yet. */
  readonly state: 'current' | 'stale' | 'none';
  /** Seconds since the end of the last look that succeeded, by a clock that cannot jump. */
  readonly ageSeconds?: number;
  /** Why it is not current; one line without paths. */
  readonly why?: string;
  /** Another look, another revision: what was made of a sight may be kept until it changes. */
  readonly revision: number;
}

export interface LookTotals {
  readonly success: number;
  readonly failure: number;
  readonly observerFailures: number;
  readonly lastSeconds?: number;
  /** When the last that succeeded began. */
  readonly lastSuccess?: Instant;
}

interface Seen {
  readonly situation: Situation;
  readonly age: () => number;
}

/**
 * The loop of looks: one at a time. A look that fails or takes too long makes what is known stale at once, and what is
 * stale is "unknown". One that does not even end when it is cancelled is waited for: a second would hang beside it.
 */
export class Looks {
  readonly #deps: LooksDeps;
  #seen: Seen | undefined;
  #failure: string | undefined;
  /** How long the look in progress has taken. */
  #looking: (() => number) | undefined;
  #totals: LookTotals = { success: 0, failure: 0, observerFailures: 0 };
  #revision = 0;
  readonly #observing = new Map<Observer, Promise<void>>();

  constructor(deps: LooksDeps) {
    this.#deps = deps;
  }

  /** Looks until the signal is aborted, and lets what was begun end, within seconds. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await atMostSoonAfter(signal, LOOK_GRACE_MILLISECONDS, this.#once(signal));
      if (signal.aborted) break;
      this.#tell(signal);
      const { intervalSeconds, retrySeconds } = this.#deps;
      const seconds = this.#failure === undefined ? intervalSeconds : Math.min(intervalSeconds, retrySeconds);
      await delay(seconds * 1000, undefined, { signal }).catch(() => undefined);
    }
    await atMostSoonAfter(signal, OBSERVERS_GRACE_MILLISECONDS, Promise.all(this.#observing.values()));
  }

  now(): Instant {
    return this.#deps.clock.now();
  }

  get totals(): LookTotals {
    return this.#totals;
  }

  /** Whether a look hangs though it was cancelled: nothing but a new process helps. */
  get hangs(): boolean {
    return (this.#looking?.() ?? 0) > 2 * this.#deps.limitSeconds;
  }

  sight(): Sight {
    const why = this.#doubt();
    const seen = this.#seen;
    const revision = this.#revision;
    if (seen === undefined) {
      const reasonForIt = why ?? 'the first look is not over';
      const situation = unseen(this.#deps.expected, this.#deps.clock.now(), reasonForIt);
      return { situation, state: 'none', why: reasonForIt, revision };
    }
    const ageSeconds = seen.age();
    if (why === undefined) return { situation: seen.situation, state: 'current', ageSeconds, revision };
    return { situation: inDoubt(seen.situation, why), state: 'stale', ageSeconds, why, revision };
  }

  /** What to show where figures must not be older than they say: of a stale sight, none at all. */
  vouchedFor(): Situation {
    const { situation, state, why } = this.sight();
    return state === 'current' ? situation : unseen(this.#deps.expected, this.#deps.clock.now(), why ?? 'unknown');
  }

  #doubt(): string | undefined {
    const { intervalSeconds, limitSeconds } = this.#deps;
    const looking = this.#looking?.() ?? 0;
    if (looking > limitSeconds) return `a look has been going on for ${Math.round(looking)} s`;
    if (this.#failure !== undefined) return this.#failure;
    const age = this.#seen?.age() ?? 0;
    return age > intervalSeconds + limitSeconds ? `nobody has looked for ${Math.round(age)} s` : undefined;
  }

  async #once(signal: AbortSignal): Promise<void> {
    const { look, limitSeconds, clock, say } = this.#deps;
    const took = stopwatch();
    const began = clock.now();
    const over = new AbortController();
    const limit = setTimeout(() => over.abort(tooLong(limitSeconds)), limitSeconds * 1000);
    this.#looking = took;
    try {
      const situation = await look(AbortSignal.any([signal, over.signal]));
      if (over.signal.aborted) throw over.signal.reason as Error;
      if (this.#failure !== undefined) say('the monitor sees again');
      this.#failure = undefined;
      this.#seen = { situation, age: stopwatch() };
      this.#totals = { ...this.#totals, success: this.#totals.success + 1, lastSuccess: began };
    } catch (thrown) {
      if (!signal.aborted) this.#failed(asError(over.signal.aborted ? over.signal.reason : thrown));
    } finally {
      clearTimeout(limit);
      this.#looking = undefined;
      this.#revision += 1;
      this.#totals = { ...this.#totals, lastSeconds: took() };
    }
  }

  #failed(error: Error): void {
    const failure = withoutPaths(reason(error));
    if (failure !== this.#failure) this.#deps.say(`a look failed: ${failure}`);
    this.#deps.note('a look failed', error);
    this.#failure = failure;
    this.#totals = { ...this.#totals, failure: this.#totals.failure + 1 };
  }

  #tell(signal: AbortSignal): void {
    const { situation } = this.sight();
    for (const observer of this.#deps.observers) {
      if (this.#observing.has(observer)) continue; // it hears of the next
      const told = this.#tellOne(observer, situation, signal);
      this.#observing.set(observer, told);
      void told.finally(() => this.#observing.delete(observer));
    }
  }

  /** Never rejects. */
  async #tellOne(observer: Observer, situation: Situation, signal: AbortSignal): Promise<void> {
    try {
      await observer(situation, signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#totals = { ...this.#totals, observerFailures: this.#totals.observerFailures + 1 };
      this.#deps.note('an observer of looks failed', asError(error));
    }
  }
}

/** Together with that of the server less than the ten seconds after which Docker kills. */
const LOOK_GRACE_MILLISECONDS = 2000;
/** They write files, and each is to be there as a whole. */
const OBSERVERS_GRACE_MILLISECONDS = 5000;

/** Waits for work that was told to stop no longer than it may take to clean up. */
async function atMostSoonAfter(signal: AbortSignal, grace: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const stopped = signal.aborted ? Promise.resolve() : once(signal, 'abort', { signal: over.signal });
  const late = stopped.then(() => delay(grace, undefined, { signal: over.signal }));
  await Promise.race([work, late.catch(() => undefined)]);
  over.abort();
}

function tooLong(seconds: number): BackupError {
  return new BackupError(`a look took more than ${seconds} s`, { kind: 'timeout' });
}

/** Everyone who may open the page reads this; where things lie on the machine is in the log. */
function withoutPaths(line: string): string {
  return line.replaceAll(/'?(?<![\w<])\/[\w.@+-][^\s'":,;]*'?/g, '(path in the log)');
}
