import { type RunEnd, Scheduler } from '../../../src/daemons/scheduler.ts';
import { SlotRecords } from '../../../src/daemons/slot-records.ts';
import type { BackupType, Service } from '../../../src/model/vocabulary.ts';
import type { Turn } from '../../../src/policy/schedule.ts';
import { ConfigurationInForce } from '../../../src/wiring/configuration-in-force.ts';
import type { Chance } from '../random.ts';
import type { LoggedRun, RunOutcome, ServiceLog } from './log.ts';
import { Periods } from './periods.ts';
import type { Shelf } from './shelf.ts';
import { type Fate, fateOf, outage, UNREACHABLE } from './weather.ts';
import type { World } from './world.ts';

/** Parts that a test may replace by worse ones, to see that it is noticed. */
export interface Parts {
  readonly records: (stateDirectory: string, service: Service) => SlotRecords;
  readonly scheduler: (...deps: ConstructorParameters<typeof Scheduler>) => Scheduler;
}

export const REAL: Parts = {
  records: (stateDirectory, service) => new SlotRecords(stateDirectory, service),
  scheduler: (deps) => new Scheduler(deps),
};

interface ParkedRun {
  readonly until: number;
  readonly fate: Fate;
  readonly logged: LoggedRun;
  readonly go: (how: 'done' | 'stopped') => void;
}

const MENDABLE: readonly (number | undefined)[] = [1, 7];

/** One service's `serve`, over starts, stops and kills: the real scheduler on a simulated machine. */
export class SimulatedDaemon {
  readonly log: ServiceLog;
  readonly #world: World;
  readonly #shelf: Shelf;
  readonly #chance: Chance;
  readonly #parts: Parts;
  readonly #periods: Periods;
  #inForce: ConfigurationInForce | undefined;
  #scheduler: Scheduler | undefined;
  #stop = new AbortController();
  #downUntil = 0;
  #unreachableUntil = 0;
  #parked: ParkedRun | undefined;
  #whenParked = Promise.withResolvers<null>();
  /** The version of the schedule file at the last looks. */
  readonly #looks: number[] = [];
  /** What was in force at the last of them. */
  #before = '';

  /** Each has a chance of its own: they go on beside each other, and the same seed gives the same all the same. */
  constructor(log: ServiceLog, world: World, shelf: Shelf, chance: Chance, parts: Parts) {
    [this.log, this.#world, this.#shelf, this.#chance, this.#parts] = [log, world, shelf, chance, parts];
    this.#periods = new Periods(log, world);
  }

  /** What one round of the loop does, after `milliseconds` of true time. */
  async step(milliseconds: number): Promise<void> {
    await this.#finishRun();
    if (this.#scheduler === undefined && this.#world.now >= this.#downUntil) return await this.#start();
    if (this.#scheduler === undefined) return;
    this.#look();
    const isFree = this.#parked === undefined && this.#world.isWritable;
    const usable = isFree && !this.#world.isRecovering ? milliseconds : 0;
    this.log.uncared += usable;
    this.#scheduler.tick(this.#stop.signal);
    await this.#settled();
    if (this.#parked !== undefined) this.log.uncared -= usable; // a run came first
    if (isFree) this.#periods.seen(this.#inForce?.schedules ?? []);
  }

  /** As SIGKILL does. A backup may have been committed by then. */
  kill(down: number, committed: boolean): void {
    if (committed && this.#parked?.fate.code === 0) this.#capture(this.#parked.logged.type, this.#parked.fate);
    if (this.#parked !== undefined) Object.assign(this.#parked.logged, { ended: this.#world.now, outcome: 'killed' });
    this.#gone(down);
  }

  /** As SIGTERM does. */
  async stop(down: number): Promise<void> {
    this.#stop.abort();
    this.#unpark('stopped');
    await this.#settled();
    this.#gone(down);
  }

  clockMoved(by: number): void {
    this.log.uncared -= Math.abs(by);
  }

  /** The server that it backs up is not there for a while. */
  loseServer(milliseconds: number): void {
    this.#unreachableUntil = this.#world.now + milliseconds;
  }

  comeBack(): void {
    this.#downUntil = 0;
    this.#unreachableUntil = 0;
  }

  #gone(down: number): void {
    this.#scheduler = undefined;
    this.#parked = undefined;
    this.#whenParked = Promise.withResolvers();
    this.#downUntil = this.#world.now + down;
  }

  async #start(): Promise<void> {
    const { service } = this.log;
    this.#stop = new AbortController();
    if (this.#world.isBroken) return;
    const configuration = this.#world.configuration();
    const inForce = new ConfigurationInForce(
      configuration,
      () => this.#world.configuration(),
      (line) => this.#say(line),
    );
    this.#inForce = inForce;
    const scheduler = this.#parts.scheduler({
      service,
      schedules: () => inForce.schedules.filter((each) => each.service === service),
      zone: this.#world.zoneName,
      clock: { now: () => this.#world.instant },
      records: this.#parts.records(this.#world.stateDirectory, service),
      run: (turn, signal) => this.#run(turn, signal),
      care: () => this.#care(),
      note: async (run) => {
        this.log.notes.push(run);
        await Promise.resolve();
      },
      say: (line) => this.#say(line),
    });
    try {
      await scheduler.begin();
    } catch {
      return; // as a container that is started again until it can
    }
    this.#scheduler = scheduler;
    this.#looks.splice(0);
    this.#periods.seen(inForce.schedules);
  }

  #say(line: string): void {
    this.log.said.push({ wall: this.#world.wall, line });
    this.#periods.heard(line);
  }

  /** After two looks at the same file, what it says is in force; one that is broken changes nothing. */
  #look(): void {
    this.#inForce?.look();
    this.#looks.push(this.#world.version);
    const { service } = this.log;
    const own = (this.#inForce?.schedules ?? []).filter((each) => each.service === service);
    const inForce = schedulesText(own.map(({ type, cron }) => [type, { cron }]));
    const written = schedulesText(Object.entries(this.#world.schedules[service]));
    const wanted = this.#world.isBroken ? this.#before : written;
    this.#before = inForce;
    const [before, last] = this.#looks.slice(-2);
    if (last !== undefined && before === last && inForce !== wanted)
      throw new Error(`${service}: in force is ${inForce}, and not ${wanted}`);
  }

  async #run({ schedule: { type }, slot }: Turn, signal: AbortSignal): Promise<RunEnd> {
    const { now } = this.#world;
    const epoch = this.#periods.epochOf(type);
    const logged: LoggedRun = { type, slot, epoch, began: now, ended: now, outcome: 'running' };
    this.log.runs.push(logged);
    if (this.#world.isRecovering) return ended(logged, 'aside', { code: 6, steppedAside: true, cancelled: false });
    const fate = now < this.#unreachableUntil ? UNREACHABLE : fateOf({ ...this.#world.weather, chance: this.#chance });
    const how = await this.#park(fate, logged, signal);
    logged.ended = this.#world.now;
    if (how === 'stopped') return ended(logged, 'cancelled', { code: 143, steppedAside: false, cancelled: true });
    if (fate.code === undefined) {
      logged.outcome = 'threw';
      throw new Error('a bug');
    }
    const code = this.#capture(type, fate);
    const outcome = code === 0 || code === 4 ? 'good' : MENDABLE.includes(code) ? 'mendable' : 'failed';
    return ended(logged, outcome, { code, steppedAside: false, cancelled: false });
  }

  async #park(fate: Fate, logged: LoggedRun, signal: AbortSignal): Promise<'done' | 'stopped'> {
    if (signal.aborted) return 'stopped';
    return await new Promise((go) => {
      this.#parked = { until: this.#world.now + fate.milliseconds, fate, logged, go };
      this.#whenParked.resolve(null);
    });
  }

  #unpark(how: 'done' | 'stopped'): void {
    const parked = this.#parked;
    this.#parked = undefined;
    this.#whenParked = Promise.withResolvers();
    parked?.go(how);
  }

  async #finishRun(): Promise<void> {
    if (this.#parked === undefined || this.#world.now < this.#parked.until) return;
    const { end } = this.#parked.fate;
    if (end === 'kill') return this.kill(outage(this.#chance), this.#chance.happens(0.3));
    if (end === 'stop') return await this.stop(outage(this.#chance));
    this.#unpark('done');
    await this.#settled();
  }

  /** Nothing goes on but in simulated time. */
  async #settled(): Promise<void> {
    if (this.#parked === undefined) await Promise.race([this.#scheduler?.idle(), this.#whenParked.promise]);
  }

  /** 0 and 4 leave a good or a suspect backup, 3 one whose content cannot be read, others none. */
  #capture(type: BackupType, { code = 1, rows }: Fate): number {
    if (code !== 0 && code !== 4 && code !== 3) return code;
    const suspect = this.#shelf.add({ type, at: this.#world.instant, rows, whole: code !== 3 });
    return code === 3 ? 3 : suspect ? 4 : 0;
  }

  async #care(): Promise<boolean> {
    if (this.#world.isRecovering) return await Promise.resolve(false);
    this.log.cares.push({ waited: this.log.uncared });
    this.log.uncared = 0;
    const before = this.#shelf.backups;
    this.log.cleanups.push({ wall: this.#world.wall, before, plan: this.#shelf.cleanUp(this.#world.instant) });
    return true;
  }
}

function schedulesText(schedules: readonly (readonly [string, { readonly cron: string }])[]): string {
  return schedules
    .map(([type, { cron }]) => `${type} ${cron}`)
    .toSorted()
    .join();
}

function ended(logged: LoggedRun, outcome: RunOutcome, end: RunEnd): RunEnd {
  logged.outcome = outcome;
  return end;
}
