import type { Clock } from '../base/clock.ts';
import { reason } from '../base/errors.ts';
import type { RunRecord } from '../model/runs.ts';
import type { BackupType, Instant, Service } from '../model/vocabulary.ts';
import { retryAfter } from '../policy/retry.ts';
import { nextSlot, type Schedule, type Turn } from '../policy/schedule.ts';
import { adoptions } from './adoption.ts';
import type { SlotRecord, SlotRecords } from './slot-records.ts';
import { SaidOnce } from './said-once.ts';
import { announcement } from './slot-words.ts';
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
const DAY_MILLISECONDS = 24 * 3_600_000;

/** Slots come at whole minutes: a record that is less ahead than one keeps none from its turn. */
const AHEAD_MILLISECONDS = 60_000;

/** Runs the slots of one service, one at a time, each at most once. Its loop calls `tick`. */
export class Scheduler {
  readonly #deps: SchedulerDeps;
  readonly #slots: Slots;
  #running: Promise<void> | undefined;
  /** What had to step aside, by type, and until when it is not tried again. */
  readonly #aside = new Map<BackupType | 'care', { readonly slot: Instant; readonly until: Instant }>();
  /** Care that something stood in the way of. */
  #careToCome: { readonly after: number | undefined } | undefined;
  readonly #once: SaidOnce;

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
    this.#slots = new Slots(deps.records, deps.zone);
    this.#once = new SaidOnce((line) => deps.say(`${deps.service}${line}`));
  }

  /** Reads what is on record; from its first start on, slots are due. */
  async begin(): Promise<void> {
    const { records, clock, say } = this.#deps;
    await records.load(say);
    if (records.of('care') === undefined) await records.set('care', { slot: clock.now(), state: 'waiting' });
    for (const type of records.types()) await this.#settle(type);
    await this.#adopt();
  }

  /** Starts what is due, unless something runs. Never waits for a run. */
  tick(signal: AbortSignal): void {
    if (this.#running !== undefined || signal.aborted) return;
    const work = this.#deps.records.unsaved ? this.#save().then(() => this.#next(signal)) : this.#next(signal);
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

  /** A run that the process was killed in. */
  async #settle(type: BackupType): Promise<void> {
    const { records, say, service } = this.#deps;
    const last = records.of(type);
    if (last?.state !== 'running') return;
    say(`${service} ${type}: the run of ${last.slot} was killed; it is not repeated`);
    await records.set(type, { ...last, state: 'ended', code: 1 });
    await this.#note(type, last.slot, 1, 'the run was killed');
  }

  #next(signal: AbortSignal): Promise<void> | undefined {
    const { schedules, clock } = this.#deps;
    const now = clock.now();
    if (this.#adoptions(now).length > 0) return this.#adoptLater();
    this.#sayAhead(now);
    const turn = this.#slots.due(schedules(), now).find(({ schedule: { type }, slot }) => !this.#isAside(type, slot));
    if (turn !== undefined) return this.#take(turn, signal);
    return this.#isCareDue(now) ? this.#care(this.#careToCome?.after, signal) : undefined;
  }

  #adoptions(now: Instant): ReturnType<typeof adoptions> {
    const { service, schedules, records, zone } = this.#deps;
    return adoptions({ service, schedules: schedules(), recordOf: (type) => records.of(type), zone, now });
  }

  async #adopt(): Promise<void> {
    const { records, clock, say, service } = this.#deps;
    for (const { type, record, words } of this.#adoptions(clock.now())) {
      await records.set(type, record);
      if (words !== undefined) say(`${service} ${type}: ${words}`);
    }
    this.#once.forget('adopt');
  }

  /** Never rejects. */
  async #adoptLater(): Promise<void> {
    await this.#adopt().catch((error: unknown) => {
      this.#once.say('adopt', '', `: cannot begin: ${reason(error)}`);
    });
  }

  /** Never rejects. */
  async #save(): Promise<void> {
    await this.#deps.records.save().catch(() => undefined); // was said when it was to be kept
  }

  /** A clock that was put back is not put forward again by us: what was taken was taken. */
  #sayAhead(now: Instant): void {
    const { schedules, records } = this.#deps;
    for (const { type } of schedules()) {
      const { slot } = records.of(type) ?? { slot: now };
      if (Date.parse(slot) - Date.parse(now) < AHEAD_MILLISECONDS) continue;
      this.#once.say(`ahead ${type}`, slot, ` ${type}: the clock was put back: slots until ${slot} count as past`);
    }
  }

  /** Never rejects: a run that failed is said, and the loop goes on. */
  async #take(turn: DueTurn, signal: AbortSignal): Promise<void> {
    const { records, run, say, service } = this.#deps;
    const { type } = turn.schedule;
    const before = records.of(type);
    if (!(await this.#claim(turn))) return;
    if (this.#aside.get(type)?.slot !== turn.slot)
      say(`${service} ${type}: ${announcement(turn, this.#deps.clock.now())}`);
    try {
      const end = await run(turn, signal);
      if (end.steppedAside) await this.#stepAside(turn, end.code);
      if ((end.steppedAside || end.cancelled) && before !== undefined) return await this.#keep(type, before);
      this.#aside.delete(type);
      const record = this.#ended(turn, end.code);
      await this.#keep(type, record);
      if (record.again === undefined) await this.#care(end.code, signal);
    } catch (error) {
      say(`${service} ${type}: ${reason(error)}`);
      await this.#keep(type, this.#ended(turn, undefined));
      await this.#note(type, turn.slot, 1, reason(error));
    }
  }

  /** Without a code: by a bug of ours, and that would only be so again. */
  #ended({ schedule: { service, type, cron }, slot, attempts }: DueTurn, code: number | undefined): SlotRecord {
    const record = { slot, state: 'ended', code: code ?? 1, cron } as const;
    const seconds = code === undefined ? undefined : retryAfter(code, attempts + 1);
    if (seconds === undefined) return record;
    const { clock, say } = this.#deps;
    say(`${service} ${type}: tried again in ${seconds / 60} min`);
    const at = new Date(Date.parse(clock.now()) + seconds * 1000).toISOString();
    return { ...record, again: { attempts: attempts + 1, at } };
  }

  async #claim({ schedule: { type, cron }, slot }: Turn): Promise<boolean> {
    try {
      await this.#deps.records.set(type, { slot, state: 'running', cron });
      return true;
    } catch (error) {
      this.#once.say(`claim ${type}`, slot, ` ${type}: the slot of ${slot} cannot begin: ${reason(error)}`);
      return false;
    }
  }

  /** Never rejects: what could not be written counts all the same, and is written later. */
  async #keep(key: BackupType | 'care', record: SlotRecord): Promise<void> {
    await this.#deps.records.keep(key, record).catch((error: unknown) => {
      this.#once.say('keep', record.slot, ` ${key}: how it ended is not on record yet: ${reason(error)}`);
    });
  }

  async #stepAside({ schedule: { service, type }, slot }: Turn, code: number): Promise<void> {
    if (this.#aside.get(type)?.slot !== slot) {
      this.#deps.say(`${service} ${type}: stepped aside; tried again every minute`);
      await this.#note(type, slot, code, 'stepped aside: a recovery or another run holds the service');
    }
    this.#putAside(type, slot);
  }

  #putAside(what: BackupType | 'care', slot: Instant): void {
    const until = new Date(Date.parse(this.#deps.clock.now()) + MILLISECONDS_ASIDE).toISOString();
    this.#aside.set(what, { slot, until });
  }

  /** A clock that was put back does not keep it waiting. */
  #isAside(what: BackupType | 'care', slot: Instant): boolean {
    const aside = this.#aside.get(what);
    if (aside?.slot !== slot) return false;
    const wait = Date.parse(aside.until) - Date.parse(this.#deps.clock.now());
    return wait > 0 && wait <= MILLISECONDS_ASIDE;
  }

  #isCareDue(now: Instant): boolean {
    const last = this.#deps.records.of('care')?.slot ?? now;
    if (this.#isAside('care', last)) return false;
    return this.#careToCome !== undefined || Math.abs(Date.parse(now) - Date.parse(last)) >= DAY_MILLISECONDS;
  }

  /** Never rejects. */
  async #care(after: number | undefined, signal: AbortSignal): Promise<void> {
    const { care, records, clock, say, service } = this.#deps;
    try {
      if (signal.aborted) return;
      this.#careToCome = { after };
      this.#putAside('care', records.of('care')?.slot ?? '');
      if (!(await care(service, after, signal))) return;
      this.#careToCome = undefined;
      await this.#keep('care', { slot: clock.now(), state: 'ended' });
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
