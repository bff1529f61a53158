import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type Instant, SERVICES } from '../../../src/model/vocabulary.ts';
import { chanceOf } from '../random.ts';
import { guideRules } from '../retention.ts';
import { emptyLog, type ServiceLog } from './log.ts';
import { Shelf } from './shelf.ts';
import { type Parts, REAL, SimulatedDaemon } from './simulated-daemon.ts';
import { changed, guideSchedules } from './timetables.ts';
import { type Fault, faultsIn, type Weather } from './weather.ts';
import { World } from './world.ts';

export interface Simulation {
  readonly seed: number;
  readonly zone: string;
  readonly from: Instant;
  readonly days: number;
  /** 0: nothing goes wrong; 1: a bad year. */
  readonly harshness: number;
  /** A service is backed up every hour. */
  readonly often?: boolean;
  readonly parts?: Parts;
}

export interface SimulatedTime {
  readonly zone: World['zone'];
  readonly logs: readonly ServiceLog[];
}

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
/** At the end nothing goes wrong any more, so that everything that was begun comes to its end. */
const CALM_DAYS = 4;
/** Slots are at quarters of an hour. */
const LOOK_EVERY = 15 * MINUTE;

/** All four services for as long as is asked, with what goes wrong in such a time. */
export async function simulate(simulation: Simulation): Promise<SimulatedTime> {
  const base = await mkdtemp(path.join(existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'pbs-year-'));
  try {
    return await runThrough(simulation, base);
  } finally {
    await rm(base, { recursive: true });
  }
}

async function runThrough(simulation: Simulation, base: string): Promise<SimulatedTime> {
  const { seed, zone, from, days, harshness, often = false, parts = REAL } = simulation;
  const weather: Weather = { chance: chanceOf(seed), harshness };
  await mkdir(path.join(base, 'state', 'scheduler'), { recursive: true });
  const world = new World(base, zone, Date.parse(from), weather, guideSchedules(often));
  const daemons = SERVICES.map((service) => [new Shelf(service, guideRules), emptyLog(service)] as const).map(
    ([shelf, log]) => ({
      shelf,
      log,
      daemon: new SimulatedDaemon(log, world, shelf, chanceOf(seed + SERVICES.indexOf(log.service) + 1), parts),
    }),
  );
  const all = daemons.map(({ daemon }) => daemon);
  const end = world.now + days * DAY;
  for (; world.now < end;) await round(world, all, true);
  world.calm();
  for (const each of all) each.comeBack();
  for (const until = world.now + CALM_DAYS * DAY; world.now < until;) await round(world, all, false);
  for (const { shelf, log } of daemons) log.stored = shelf.backups;
  return { zone: world.zone, logs: daemons.map(({ log }) => log) };
}

/** The clock goes to the next quarter of an hour, and some seconds; everything that happens meanwhile happens now. */
async function round(world: World, daemons: readonly SimulatedDaemon[], troubled: boolean): Promise<void> {
  const { chance } = world.weather;
  const next = Math.floor(world.wall / LOOK_EVERY + 1) * LOOK_EVERY + Math.floor(chance.between(0, 5000));
  const milliseconds = next - world.wall;
  world.now += milliseconds;
  world.settle();
  for (const fault of troubled ? faultsIn(milliseconds, world.weather) : []) await befall(fault, world, daemons);
  await Promise.all(daemons.map((each) => each.step(milliseconds)));
}

async function befall(fault: Fault, world: World, daemons: readonly SimulatedDaemon[]): Promise<void> {
  const { chance } = world.weather;
  switch (fault.kind) {
    case 'clock':
      moveClock(fault.by, world, daemons);
      return;
    case 'recovery':
      world.recoveryUntil = world.now + fault.milliseconds;
      return;
    case 'unwritable':
      world.makeUnwritable(fault.milliseconds);
      return;
    case 'schedule':
      world.writeSchedules(changed(world.schedules, chance.next(), chance.next()));
      return;
    case 'broken':
      world.breakSchedules(fault.milliseconds);
      return;
    case 'unreachable':
      daemons[fault.service]?.loseServer(fault.milliseconds);
      return;
    case 'kill':
      daemons[fault.service]?.kill(fault.down, fault.committed);
      return;
    case 'stop':
      await daemons[fault.service]?.stop(fault.down);
  }
}

/** One that is wrong is mostly set right. */
function moveClock(jump: number, world: World, daemons: readonly SimulatedDaemon[]): void {
  const by = world.ahead !== 0 && world.weather.chance.happens(0.7) ? -world.ahead : jump;
  world.ahead += by;
  for (const each of daemons) each.clockMoved(by);
}
