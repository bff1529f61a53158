import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AgentServer, type AgentServerDeps } from '../agents/server.ts';
import { BackupError, reason } from '../base/errors.ts';
import { lockFile } from '../base/file-lock.ts';
import type { Processes } from '../base/processes.ts';
import type { Service } from '../model/vocabulary.ts';
import { Heartbeat } from './heartbeat.ts';
import type { Schedule } from '../policy/schedule.ts';
import { Scheduler, type SchedulerDeps } from './scheduler.ts';
import { SlotRecords } from './slot-records.ts';

export interface ServeDeps {
  readonly services: readonly Service[];
  /** Undefined: the agents only. */
  readonly schedule: ScheduleDeps | undefined;
  readonly agent: Omit<AgentServerDeps, 'service'>;
  readonly stateDirectory: string;
  readonly processes: Processes;
  /** To the operator and the log. */
  readonly say: (line: string) => void;
}

interface ScheduleDeps extends Omit<SchedulerDeps, 'service' | 'records' | 'say' | 'schedules'> {
  /** Those in force, of all services. */
  readonly schedules: () => readonly Schedule[];
  /** Looks whether others are in force; called in every round. Never throws. */
  readonly look: () => void;
}

const MILLISECONDS_BETWEEN_TICKS = 5000;

/**
 * Answers for services on their sockets and runs their schedules, until the signal is aborted: then what runs is
 * cancelled and cleaned up after. Fails with kind `busy` when another process does so already.
 */
export async function serve(deps: ServeDeps, signal: AbortSignal): Promise<void> {
  const { services, agent, say } = deps;
  await using locks = new AsyncDisposableStack();
  await using servers = new AsyncDisposableStack();
  const schedulers: Scheduler[] = [];
  for (const service of services) {
    servers.use(await AgentServer.open({ ...agent, service }, signal));
    const scheduler = await openScheduler(service, deps, locks, signal);
    if (scheduler !== undefined) schedulers.push(scheduler);
  }
  say(`ready: ${services.join(', ')}`);
  sayUpcoming(schedulers, say);
  const hearts = services.map((service) => new Heartbeat(agent.directory, service));
  await loop({ schedulers, hearts, say, schedules: deps.schedule }, signal);
  await Promise.all([servers.disposeAsync(), ...schedulers.map((each) => each.idle())]);
}

/** One scheduler of a service at a time, over all containers. */
async function openScheduler(
  service: Service,
  { schedule, stateDirectory, processes, say }: ServeDeps,
  locks: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<Scheduler | undefined> {
  if (schedule === undefined) return undefined;
  const records = new SlotRecords(stateDirectory, service);
  const lock = await lockFile(
    path.join(stateDirectory, 'scheduler', `${service}.lock`),
    'exclusive',
    processes,
    signal,
  );
  if (lock === undefined) {
    const hint = 'end the other one, or start this one with --no-schedule';
    throw new BackupError(`the schedules of ${service} are run by another process`, { kind: 'busy', hint });
  }
  locks.use(lock);
  const schedules = (): readonly Schedule[] => schedule.schedules().filter((each) => each.service === service);
  const scheduler = new Scheduler({ ...schedule, schedules, service, records, say });
  await scheduler.begin();
  return scheduler;
}

function sayUpcoming(schedulers: readonly Scheduler[], say: (line: string) => void): void {
  for (const { schedule, at } of schedulers.flatMap((each) => each.upcoming()))
    say(`${schedule.service} ${schedule.type}: next at ${at ?? 'no time that there is'}`);
}

interface Rounds {
  readonly schedulers: readonly Scheduler[];
  readonly hearts: readonly Heartbeat[];
  readonly say: (line: string) => void;
  readonly schedules: ScheduleDeps | undefined;
}

/** A round is done when every scheduler was asked: only then do the hearts beat. */
async function loop({ schedulers, hearts, say, schedules }: Rounds, signal: AbortSignal): Promise<void> {
  let complaint = '';
  let inForce = schedules?.schedules();
  while (!signal.aborted) {
    try {
      schedules?.look();
      if (schedules?.schedules() !== inForce) sayUpcoming(schedulers, say);
      inForce = schedules?.schedules();
      for (const each of schedulers) each.tick(signal);
      for (const each of hearts) await each.beat();
      complaint = '';
    } catch (error) {
      if (complaint !== reason(error)) say(`the loop stumbled: ${reason(error)}`);
      complaint = reason(error);
    }
    await delay(MILLISECONDS_BETWEEN_TICKS, undefined, { signal }).catch(() => undefined);
  }
}
