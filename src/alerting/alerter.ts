import { type Clock, secondsBetween } from '../base/clock.ts';
import { reason } from '../base/errors.ts';
import type { Letter } from '../model/alerts.ts';
import type { Condition, Situation } from '../model/situation.ts';
import { type AlertLook, alertLook, type AlertSettings, introduction, planAlerts } from '../policy/alerts.ts';
import type { AlertOutbox } from '../records/alert-outbox.ts';
import { Courier, PAUSES, type Pauses } from './courier.ts';
import type { LifeSign } from './heartbeat.ts';
import { attempt } from './patience.ts';
import type { Receiver, Watcher } from './receiver.ts';

export interface AlerterDeps {
  readonly receivers: readonly Receiver[];
  readonly watchers: readonly Watcher[];
  readonly heartbeat: LifeSign | undefined;
  readonly outbox: AlertOutbox;
  readonly settings: AlertSettings;
  readonly clock: Clock;
  /** Takes secrets out of a text that came from elsewhere. */
  readonly redact: (text: string) => string;
  /** To the operator and the log. */
  readonly say: (line: string) => void;
  readonly pauses?: Pauses;
}

/** A monitor whose alerts have not reached a receiver for this time is as good as dead: its heart stops. */
const UNHEARD_SECONDS = 3600;

/**
 * Tells the receivers what the looks of the monitor find. `observe` ends once what is to be said is on disk; it is
 * delivered meanwhile, to each receiver in its own time.
 */
export class Alerter implements AsyncDisposable {
  readonly #deps: AlerterDeps;
  readonly #couriers: readonly Courier[];
  readonly #over = new AbortController();
  readonly #telling = new Map<string, Promise<void>>();
  readonly #complaints = new Map<string, string>();

  constructor(deps: AlerterDeps) {
    this.#deps = deps;
    const { outbox, say, pauses = PAUSES } = deps;
    const { signal } = this.#over;
    this.#couriers = deps.receivers.map((each) => new Courier(each, outbox, { pauses, say, signal }));
    for (const each of this.#couriers) each.kick();
  }

  /** Takes note of a look, good or not. Never rejects: a monitor does not end because its alerts do not work. */
  async observe(situation: Situation): Promise<void> {
    try {
      await this.#note(alertLook(situation, this.#deps.clock.now()));
    } catch (error) {
      this.#complain('alerts', reason(error));
    }
  }

  /** Ends what is on its way; what was not delivered is on disk. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await Promise.all([...this.#couriers.map((each) => each.stop()), ...this.#telling.values()]);
  }

  async #note(look: AlertLook): Promise<void> {
    const { receivers, outbox, settings, redact } = this.#deps;
    const clean = { ...look, conditions: look.conditions.map((each) => withoutSecrets(each, redact)) };
    const { state, messages } = planAlerts(clean, outbox.state, settings);
    const names = receivers.map(({ name }) => name);
    const letters = names.flatMap((receiver): Letter[] => {
      const isNew = !outbox.receivers.includes(receiver);
      const own = isNew ? introduction(state, look.at, settings) : messages;
      return own.map((message) => ({ receiver, message }));
    });
    await outbox.decide(state, names, letters);
    for (const each of this.#couriers) each.kick();
    this.#tellStates(look);
  }

  #tellStates({ at, isBlind }: AlertLook): void {
    const { watchers, heartbeat, outbox } = this.#deps;
    for (const each of watchers) this.#once(each.name, (signal) => each.tell(outbox.state, at, signal));
    if (heartbeat === undefined) return;
    const why = isBlind ? 'the monitor cannot see' : this.#unheard();
    this.#complain('heartbeat held', why);
    if (why === '') this.#once(heartbeat.name, (signal) => heartbeat.beat(signal));
  }

  /** One at a time: one that hangs is not asked again meanwhile, and holds up nobody else. */
  #once(name: string, work: (signal: AbortSignal) => Promise<void>): void {
    if (this.#telling.has(name)) return;
    const told = attempt(work, this.#over.signal)
      .then(
        () => this.#complain(name, ''),
        (error: unknown) => this.#complain(name, this.#over.signal.aborted ? '' : reason(error)),
      )
      .finally(() => this.#telling.delete(name));
    this.#telling.set(name, told);
  }

  #unheard(): string {
    const { receivers, outbox, clock } = this.#deps;
    const oldest = receivers.flatMap(({ name }) => outbox.pending(name)[0] ?? []);
    const isUnheard = oldest.some(({ at }) => secondsBetween(at, clock.now()) > UNHEARD_SECONDS);
    return isUnheard ? 'alerts have not been delivered for an hour' : '';
  }

  /** Once for as long as it is the same; an empty one is that all is well again. */
  #complain(about: string, complaint: string): void {
    if ((this.#complaints.get(about) ?? '') === complaint) return;
    this.#complaints.set(about, complaint);
    this.#deps.say(complaint === '' ? `${about}: it works again` : `${about}: ${complaint}`);
  }
}

function withoutSecrets(condition: Condition, redact: (text: string) => string): Condition {
  return { ...condition, summary: redact(condition.summary), hint: redact(condition.hint) };
}
