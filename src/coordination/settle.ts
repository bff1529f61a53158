import path from 'node:path';
import type { Clock } from '../base/clock.ts';
import { BackupError, reason, SeveralErrors, throwIfAborted } from '../base/errors.ts';
import { type FileLock, lockFile } from '../base/file-lock.ts';
import type { Log } from '../base/log.ts';
import type { Processes } from '../base/processes.ts';
import { RecoveryJournal } from '../journal/recovery-journal.ts';
import { replay, type RecoveryState } from '../journal/recovery-state.ts';
import type { Agent } from '../model/agent.ts';
import { type CoordinatedRun, errorsOf, forEachAgent, runOf } from './fan-out.ts';

/** What commands on several services are made of. */
export interface CoordinationDependencies {
  readonly agents: readonly Agent[];
  readonly clock: Clock;
  readonly processes: Processes;
  readonly stateDirectory: string;
  readonly log: Log;
}

/** A recovery that its journal knows. */
export interface KnownRecovery {
  readonly journal: RecoveryJournal;
  readonly state: RecoveryState;
}

/**
 * One recovery at a time: held by recover, restore, rollback, finish and whoever ends an interrupted one; shared by
 * those who must not run beside one.
 */
export async function lockRecovery(
  { stateDirectory, processes }: Pick<CoordinationDependencies, 'stateDirectory' | 'processes'>,
  signal: AbortSignal,
  mode: 'exclusive' | 'shared' = 'exclusive',
): Promise<FileLock> {
  const lock = await lockFile(path.join(stateDirectory, 'recovery', '.lock'), mode, processes, signal);
  if (lock !== undefined) return lock;
  throw new BackupError(mode === 'shared' ? 'a recovery is in progress' : 'a recovery is in progress, or a cleanup', {
    kind: 'busy',
    hint: 'wait for it, or see: physics-backup recover status',
  });
}

/** All recoveries of the state directory, oldest first. */
export async function knownRecoveries(deps: CoordinationDependencies): Promise<KnownRecovery[]> {
  const ids = await RecoveryJournal.ids(deps.stateDirectory);
  return await Promise.all(
    ids.map(async (id) => {
      const journal = new RecoveryJournal(deps.stateDirectory, id, deps);
      return { journal, state: replay(await journal.events()) };
    }),
  );
}

/** Ends what an interrupted recovery left: back before its commit, forward after it. Returns what was ended. */
export async function settleInterrupted(deps: CoordinationDependencies, run: CoordinatedRun): Promise<string[]> {
  if ((await interrupted(deps)).length === 0) return [];
  await using _lock = await lockRecovery(deps, run.signal);
  return await settleUnderLock(deps, run);
}

/** The same when the recovery lock is already held. */
export async function settleUnderLock(deps: CoordinationDependencies, run: CoordinatedRun): Promise<string[]> {
  const open = await interrupted(deps);
  for (const recovery of open.toReversed()) {
    deps.log.warn(`recovery ${recovery.journal.id} was interrupted: ending it`);
    await end(recovery, deps, run);
  }
  return open.map((each) => each.journal.id);
}

async function end(recovery: KnownRecovery, deps: CoordinationDependencies, run: CoordinatedRun): Promise<void> {
  const { journal, state } = recovery;
  if (state.decided === 'finishing') await finishOrKeep(recovery, deps, run);
  else if (state.committed && state.decided === undefined)
    await journal.append({ event: 'ended', outcome: 'recovered' });
  else await rollBack(recovery, deps, run);
}

/** What a recovery replaced harms nobody: that it could not be removed must not keep the next run from its work. */
async function finishOrKeep(
  recovery: KnownRecovery,
  deps: CoordinationDependencies,
  run: CoordinatedRun,
): Promise<void> {
  try {
    await finishUp(recovery, deps, run);
  } catch (error) {
    throwIfAborted(run.signal);
    deps.log.warn(`what ${recovery.journal.id} replaced could not be removed: ${reason(error)}`);
  }
}

async function interrupted(deps: CoordinationDependencies): Promise<KnownRecovery[]> {
  return (await knownRecoveries(deps)).filter((each) => each.state.outcome === undefined);
}

/** Puts back every service of a recovery; throws when one of them could not be, and leaves the journal open then. */
export async function rollBack(
  { journal, state }: KnownRecovery,
  deps: CoordinationDependencies,
  run: CoordinatedRun,
): Promise<void> {
  const errors = await forEachOf(state, deps, journal.id, (agent) =>
    agent.rollback(journal.id, runOf(run, agent.service)),
  );
  if (errors.length > 0) throw new SeveralErrors(`recovery ${journal.id} could not be rolled back`, errors);
  await journal.append({ event: 'ended', outcome: 'rolled-back' });
}

/** Destroys what a recovery replaced; throws when one of its services could not, and leaves it recovered then. */
export async function finishUp(
  { journal, state }: KnownRecovery,
  deps: CoordinationDependencies,
  run: CoordinatedRun,
): Promise<void> {
  const errors = await forEachOf(state, deps, journal.id, (agent) =>
    agent.finish(journal.id, runOf(run, agent.service)),
  );
  await journal.append({ event: 'ended', outcome: errors.length > 0 ? 'recovered' : 'finished' });
  if (errors.length > 0) throw new SeveralErrors(`recovery ${journal.id} could not be finished`, errors);
}

/** Does it for every service of a recovery and lets go of each; returns what went wrong. */
async function forEachOf(
  state: RecoveryState,
  deps: CoordinationDependencies,
  recovery: string,
  work: (agent: Agent) => Promise<void>,
): Promise<Error[]> {
  const results = await forEachAgent(agentsOf(state, deps), async (agent) => {
    try {
      await work(agent);
    } finally {
      await agent.release(recovery);
    }
  });
  return errorsOf(results);
}

/** The agents of a recovery's services; every one is needed, or what it replaced would be left as it is. */
function agentsOf(state: RecoveryState, { agents }: CoordinationDependencies): Agent[] {
  return state.services.map(({ service }) => {
    const agent = agents.find((each) => each.service === service);
    if (agent !== undefined) return agent;
    throw new BackupError(`the recovery replaced ${service}, which is not configured now`, {
      kind: 'failed',
      hint: `configure ${service} as it was, then run this again`,
    });
  });
}
