import type { Clock } from '../base/clock.ts';
import { reason } from '../base/errors.ts';
import type { RunRecord } from '../model/runs.ts';
import type { BackupType, Instant, Service } from '../model/vocabulary.ts';
import { retryAfter } from '../policy/retry.ts';
import { MOST_MISSED, nextSlot, type Schedule, type Turn } from '../policy/schedule.ts';
import type { SlotRecord, SlotRecords } from './slot-records.ts';
import { type DueTurn, Slots } from './slots.ts';

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
  /** Those in force at this moment, of this service. */
  readonly schedules: () => readonly Schedule[];
  readonly zone: string;
  readonly clock: Clock;
  readonly records: SlotRecords;
  /** Takes the backup of a slot as the command does, and says what came of it. */
  readonly run: (turn: Turn, signal: AbortSignal) => Promise<RunEnd>;
  /**
   * What follows a backup, and comes once a day without one: validation of the newest backup, retention. `after` is the
   * exit code of the backup. Resolves to false when something stood in its way: then it is tried again.
   */
  readonly care: (service: Service, after: number | undefined, signal: AbortSignal) => Promise<boolean>;
  /** For the run history: what no command could note itself. Never rejects. */
  readonly note: (run: RunRecord) => Promise<void>;
  /** To the operator and the log. */
  readonly say: (line: string) => void;
}

const MILLISECONDS_ASIDE = 60_000;
const CARE = 'care';
const DAY_MILLISECONDS = 24 * 3_600_000;

/** Runs the slots of one service, one at a time, each at most once. Its loop calls `tick`. */
export class Scheduler {
  readonly #deps: SchedulerDeps;
  readonly #slots: Slots;
  #running: Promise<void> | undefined;
  /** What had to step aside, and when it is tried again. */
  readonly #aside = new Map<string, Instant>();
  /** Care that something stood in the way of. */
  #careToCome: { readonly after: number | undefined } | undefined;
  /** A slot that could not be noted, so that it is said once. */
  #unnoted: string | undefined;

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
    this.#slots = new Slots(deps.records, deps.zone);
  }

  /** Reads what is on record; from its first start on, slots are due. */
  async begin(): Promise<void> {
    const { records, schedules, clock, say, service } = this.#deps;
    await records.load(say);
    if (records.of('care') === undefined) await records.set('care', { slot: clock.now(), state: 'waiting' });
    for (const { type } of schedules()) {
      const last = records.of(type);
      if (last?.state !== 'running') continue;
      say(`${service} ${type}: the run of ${last.slot} was killed; it is not repeated`);
      await records.set(type, { slot: last.slot, state: 'ended', code: 1, ...cronOf(last) });
      await this.#note(type, last.slot, 1, 'the run was killed');
    }
    await this.#adopt(this.#slots.strange(schedules()));
  }

  /** Starts what is due, unless something runs. Never waits for a run. */
  tick(signal: AbortSignal): void {
    if (this.#running !== undefined || signal.aborted) return;
    const work = this.#next(signal);
    if (work === undefined) return;
    this.#running = work.finally(() => {
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
    return schedules().map((schedule) => ({ schedule, at: nextSlot(schedule, clock.now(), zone) }));
  }

  #next(signal: AbortSignal): Promise<void> | undefined {
    const { schedules, clock, say, service } = this.#deps;
    const strange = this.#slots.strange(schedules());
    if (strange.length > 0)
      return this.#adopt(strange).catch((error: unknown) => say(`${service}: cannot begin: ${reason(error)}`));
    const now = clock.now();
    const turn = this.#slots.due(schedules(), now).find((each) => !this.#isAside(nameOf(each), now));
    if (turn !== undefined) return this.#take(turn, signal);
    return this.#isCareDue(now) ? this.#care(this.#careToCome?.after, signal) : undefined;
  }

  /** A schedule that is new, or another than before, has missed nothing. */
  async #adopt(strange: readonly Schedule[]): Promise<void> {
    const { records, clock } = this.#deps;
    for (const { type, cron } of strange) {
      const slot = [clock.now(), records.of(type)?.slot ?? ''].toSorted().at(-1) ?? '';
      await records.set(type, { slot, state: 'waiting', cron });
    }
  }

  /** Never rejects: a run that failed is said, and the loop goes on. */
  async #take(turn: DueTurn, signal: AbortSignal): Promise<void> {
    const { records, run, say, service } = this.#deps;
    const { type } = turn.schedule;
    const before = records.of(type);
    if (!(await this.#claim(turn))) return;
    this.#announce(turn);
    try {
      const end = await run(turn, signal);
      if (end.steppedAside) await this.#stepAside(turn, end.code);
      if ((end.steppedAside || end.cancelled) && before !== undefined) return await records.set(type, before);
      this.#aside.delete(nameOf(turn));
      const record = this.#ended(turn, end.code);
      await records.set(type, record);
      if (record.again === undefined) await this.#care(end.code, signal);
    } catch (error) {
      say(`${service} ${type}: ${reason(error)}`);
      await this.#note(type, turn.slot, 1, reason(error));
    }
  }

  #ended({ schedule: { service, type, cron }, slot, attempts }: DueTurn, code: number): SlotRecord {
    const record = { slot, state: 'ended', code, cron } as const;
    const seconds = retryAfter(code, attempts + 1);
    if (seconds === undefined) return record;
    const { clock, say } = this.#deps;
    say(`${service} ${type}: tried again in ${seconds / 60} min`);
    const at = new Date(Date.parse(clock.now()) + seconds * 1000).toISOString();
    return { ...record, again: { attempts: attempts + 1, at } };
  }

  async #claim({ schedule: { service, type, cron }, slot }: Turn): Promise<boolean> {
    try {
      await this.#deps.records.set(type, { slot, state: 'running', cron });
      return true;
    } catch (error) {
      if (this.#unnoted !== slot) this.#deps.say(`${service} ${type}: cannot begin: ${reason(error)}`);
      this.#unnoted = slot;
      return false;
    }
  }

  #announce(turn: DueTurn): void {
    const { schedule, slot, missed, attempts } = turn;
    const { clock, say } = this.#deps;
    if (this.#aside.has(nameOf(turn))) return;
    const late = attempts === 0 && Date.parse(clock.now()) - Date.parse(slot) > LATE_MILLISECONDS;
    const others = missed === 0 ? '' : `, as were ${missed === MOST_MISSED ? 'at least ' : ''}${missed} before it`;
    const again = attempts === 0 ? '' : ', again';
    const why = late ? `the slot of ${slot} was missed${others}: made up for now` : `the slot of ${slot}${again}`;
    say(`${schedule.service} ${schedule.type}: ${why}`);
  }

  async #stepAside(turn: Turn, code: number): Promise<void> {
    const { say } = this.#deps;
    const { service, type } = turn.schedule;
    if (!this.#aside.has(nameOf(turn))) {
      say(`${service} ${type}: stepped aside; tried again every minute`);
      await this.#note(type, turn.slot, code, 'stepped aside: a recovery or another run holds the service');
    }
    this.#putAside(nameOf(turn));
  }

  #putAside(what: string): void {
    this.#aside.set(what, new Date(Date.parse(this.#deps.clock.now()) + MILLISECONDS_ASIDE).toISOString());
  }

  /** A clock that was put back does not keep it waiting. */
  #isAside(what: string, now: Instant): boolean {
    const wait = Date.parse(this.#aside.get(what) ?? now) - Date.parse(now);
    return wait > 0 && wait <= MILLISECONDS_ASIDE;
  }

  #isCareDue(now: Instant): boolean {
    if (this.#isAside(CARE, now)) return false;
    const last = this.#deps.records.of('care')?.slot ?? now;
    return this.#careToCome !== undefined || Math.abs(Date.parse(now) - Date.parse(last)) >= DAY_MILLISECONDS;
  }

  /** Never rejects. */
  async #care(after: number | undefined, signal: AbortSignal): Promise<void> {
    const { care, records, clock, say, service } = this.#deps;
    try {
      if (signal.aborted) return;
      this.#careToCome = { after };
      this.#putAside(CARE);
      if (!(await care(service, after, signal))) return;
      this.#careToCome = undefined;
      await records.set('care', { slot: clock.now(), state: 'ended' });
    } catch (error) {
      say(`${service}: ${reason(error)}`);
    }
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

function cronOf({ cron }: SlotRecord): Pick<SlotRecord, 'cron'> {
  return cron === undefined ? {} : { cron };
}
