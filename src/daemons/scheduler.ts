import type { Clock } from '../base/clock.ts';
import { reason } from '../base/errors.ts';
import type { RunRecord } from '../model/runs.ts';
import type { BackupType, Instant, Service } from '../model/vocabulary.ts';
import { dueSince, dueTurn, MOST_MISSED, nextSlot, type Schedule, type Turn } from '../policy/schedule.ts';
import type { SlotRecords } from './slot-records.ts';

/** How a scheduled run ended: by the exit code of the same command, or for want of a chance to begin. */
export interface RunEnd {
  readonly code: number;
  /** A recovery or another run holds the service: nothing was begun, and the slot is tried again. */
  readonly steppedAside: boolean;
  /** Ended by the signal, cleanly: the slot is not used up. */
  readonly cancelled: boolean;
}

export interface SchedulerDeps {
  readonly service: Service;
  readonly schedules: readonly Schedule[];
  readonly zone: string;
  readonly clock: Clock;
  readonly records: SlotRecords;
  /** Takes the backup of a slot as the command does, and says what came of it. */
  readonly run: (turn: Turn, signal: AbortSignal) => Promise<RunEnd>;
  /** For the run history: what no command could note itself. Never rejects. */
  readonly note: (run: RunRecord) => Promise<void>;
  /** To the operator and the log. */
  readonly say: (line: string) => void;
}

const MILLISECONDS_ASIDE = 60_000;

/** Runs the slots of one service, one at a time, each at most once. Its loop calls `tick`. */
export class Scheduler {
  readonly #deps: SchedulerDeps;
  /** The first slot after the one on record. */
  readonly #coming = new Map<BackupType, { readonly since: Instant; readonly at: Instant | undefined }>();
  #running: Promise<void> | undefined;
  /** The turn that had to step aside, and when it is tried again. */
  #aside: { readonly turn: string; readonly until: Instant } | undefined;
  /** A slot that could not be noted, so that it is said once. */
  #unnoted: string | undefined;

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
  }

  /** Reads what is on record; from its first start on, slots are due. */
  async begin(): Promise<void> {
    const { records, schedules, clock, say, service } = this.#deps;
    await records.load(say);
    for (const { type } of schedules) {
      const last = records.of(type);
      if (last === undefined) await records.set(type, { slot: clock.now(), state: 'waiting' });
      if (last?.state !== 'running') continue;
      say(`${service} ${type}: the run of ${last.slot} was killed; it is not repeated`);
      await records.set(type, { slot: last.slot, state: 'ended', code: 1 });
      await this.#note(type, last.slot, 1, 'the run was killed');
    }
  }

  /** Starts what is due, unless something runs. Never waits for a run. */
  tick(signal: AbortSignal): void {
    if (this.#running !== undefined || signal.aborted) return;
    const turn = this.#due();
    if (turn === undefined) return;
    this.#running = this.#take(turn, signal).finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves once nothing runs. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** The next slot of each schedule. */
  upcoming(): readonly { readonly schedule: Schedule; readonly at: Instant | undefined }[] {
    const { schedules, clock, zone } = this.#deps;
    return schedules.map((schedule) => ({ schedule, at: nextSlot(schedule, clock.now(), zone) }));
  }

  #due(): Turn | undefined {
    const { schedules, clock, zone, records } = this.#deps;
    const now = clock.now();
    const turns = schedules.flatMap((schedule) => {
      const since = dueSince(records.of(schedule.type)?.slot, now);
      return this.#isBefore(schedule, since, now) ? [] : (dueTurn(schedule, since, now, zone) ?? []);
    });
    return turns
      .filter((turn) => this.#aside?.turn !== nameOf(turn) || now >= this.#aside.until)
      .toSorted((a, b) => (a.slot < b.slot ? -1 : 1))[0];
  }

  /** Whether the next slot is known and still to come: most looks end here. */
  #isBefore(schedule: Schedule, since: Instant, now: Instant): boolean {
    let known = this.#coming.get(schedule.type);
    if (known?.since !== since) {
      known = { since, at: nextSlot(schedule, since, this.#deps.zone) };
      this.#coming.set(schedule.type, known);
    }
    return known.at === undefined || known.at > now;
  }

  /** Never rejects: a run that failed is said, and the loop goes on. */
  async #take(turn: Turn, signal: AbortSignal): Promise<void> {
    const { records, run, say, service } = this.#deps;
    const { type } = turn.schedule;
    const before = records.of(type);
    if (!(await this.#claim(turn))) return;
    this.#announce(turn);
    try {
      const { code, steppedAside, cancelled } = await run(turn, signal);
      if (steppedAside) await this.#stepAside(turn, code);
      if ((steppedAside || cancelled) && before !== undefined) await records.set(type, before);
      else await records.set(type, { slot: turn.slot, state: 'ended', code });
    } catch (error) {
      say(`${service} ${type}: ${reason(error)}`);
      await this.#note(type, turn.slot, 1, reason(error));
    }
  }

  async #claim({ schedule: { service, type }, slot }: Turn): Promise<boolean> {
    try {
      await this.#deps.records.set(type, { slot, state: 'running' });
      return true;
    } catch (error) {
      if (this.#unnoted !== slot) this.#deps.say(`${service} ${type}: cannot begin: ${reason(error)}`);
      this.#unnoted = slot;
      return false;
    }
  }

  #announce(turn: Turn): void {
    const { schedule, slot, missed } = turn;
    const { clock, say } = this.#deps;
    if (this.#aside?.turn === nameOf(turn)) return;
    const late = Date.parse(clock.now()) - Date.parse(slot) > LATE_MILLISECONDS;
    const others = missed === 0 ? '' : `, as were ${missed === MOST_MISSED ? 'at least ' : ''}${missed} before it`;
    const why = late ? `the slot of ${slot} was missed${others}: made up for now` : `the slot of ${slot}`;
    say(`${schedule.service} ${schedule.type}: ${why}`);
  }

  async #stepAside(turn: Turn, code: number): Promise<void> {
    const { clock, say } = this.#deps;
    const { service, type } = turn.schedule;
    if (this.#aside?.turn !== nameOf(turn)) {
      say(`${service} ${type}: stepped aside; tried again every minute`);
      await this.#note(type, turn.slot, code, 'stepped aside: a recovery or another run holds the service');
    }
    const until = new Date(Date.parse(clock.now()) + MILLISECONDS_ASIDE).toISOString();
    this.#aside = { turn: nameOf(turn), until };
  }

  async #note(type: BackupType, slot: Instant, code: number, message: string): Promise<void> {
    const { service, clock, note } = this.#deps;
    const [began, trigger] = [clock.now(), 'schedule' as const];
    await note({ kind: 'backup', service, type, began, seconds: 0, code, trigger, slot, message });
  }
}

/** The loop looks several times a minute; what is later than this was missed. */
const LATE_MILLISECONDS = 120_000;

function nameOf({ schedule: { type }, slot }: Turn): string {
  return `${type} ${slot}`;
}
