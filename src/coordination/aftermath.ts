import { BackupError } from '../base/errors.ts';
import type { Service } from '../model/vocabulary.ts';
import type { CoordinatedRun } from './fan-out.ts';
import {
  type CoordinationDependencies,
  finishUp,
  type KnownRecovery,
  knownRecoveries,
  lockRecovery,
  rollBack,
  settleUnderLock,
} from './settle.ts';

/** What `recover status` shows of one recovery. */
export interface RecoverySummary {
  readonly id: string;
  readonly outcome: 'interrupted' | 'recovered' | 'rolled-back' | 'finished';
  readonly services: readonly {
    readonly service: Service;
    readonly backup: string;
    readonly last: string;
    readonly safety: string | undefined;
  }[];
}

/** All recoveries, oldest first. */
export async function recoveryStatus(deps: CoordinationDependencies): Promise<RecoverySummary[]> {
  return (await knownRecoveries(deps)).map(({ journal, state }) => ({
    id: journal.id,
    outcome: state.outcome ?? 'interrupted',
    services: state.services.map(({ service, backup, last, safety }) => ({ service, backup, last, safety })),
  }));
}

/** Puts back what the recovery replaced: the newest one that was not finished, unless one is named. */
export async function rollbackRecovery(
  id: string | undefined,
  deps: CoordinationDependencies,
  run: CoordinatedRun,
): Promise<string> {
  await using _lock = await lockRecovery(deps, run.signal);
  const ended = await endedAs('rolled-back', id, deps, run);
  if (ended !== undefined) return ended;
  const recovery = await findRecovered(id, deps);
  await assertNewest(recovery, deps);
  await recovery.journal.append({ event: 'undoing' });
  await rollBack(recovery, deps, run);
  return recovery.journal.id;
}

/** Destroys what the recovery replaced; after this there is no way back but another backup. */
export async function finishRecovery(
  id: string | undefined,
  deps: CoordinationDependencies,
  run: CoordinatedRun,
): Promise<string> {
  await using _lock = await lockRecovery(deps, run.signal);
  const ended = await endedAs('finished', id, deps, run);
  if (ended !== undefined) return ended;
  const recovery = await findRecovered(id, deps);
  await recovery.journal.append({ event: 'finishing' });
  await finishUp(recovery, deps, run);
  return recovery.journal.id;
}

/**
 * Ends what was interrupted. When that is what the operator asks for, it is done: to go on would act on an older
 * recovery. Returns its id.
 */
async function endedAs(
  outcome: 'rolled-back' | 'finished',
  id: string | undefined,
  deps: CoordinationDependencies,
  run: CoordinatedRun,
): Promise<string | undefined> {
  const ended = await settleUnderLock(deps, run);
  const now = (await knownRecoveries(deps)).filter(({ journal }) => ended.includes(journal.id));
  return now.find(({ journal, state }) => state.outcome === outcome && (id ?? journal.id) === journal.id)?.journal.id;
}

async function findRecovered(id: string | undefined, deps: CoordinationDependencies): Promise<KnownRecovery> {
  const recovered = (await knownRecoveries(deps)).filter((each) => each.state.outcome === 'recovered');
  const found = id === undefined ? recovered.at(-1) : recovered.find((each) => each.journal.id === id);
  if (found !== undefined) return found;
  throw new BackupError(id === undefined ? 'there is no recovery to act on' : `no recovery ${id} to act on`, {
    kind: 'not-found',
    hint: 'see: physics-backup recover status',
  });
}

/** An older recovery's replaced data may only come back once the newer ones were put back. */
async function assertNewest(recovery: KnownRecovery, deps: CoordinationDependencies): Promise<void> {
  const own = new Set(recovery.state.services.map((each) => each.service));
  const later = (await knownRecoveries(deps)).find(
    ({ journal, state }) =>
      journal.id > recovery.journal.id &&
      (state.outcome === 'recovered' || state.outcome === 'finished') &&
      state.services.some((each) => own.has(each.service)),
  );
  if (later === undefined) return;
  throw new BackupError(`a later recovery, ${later.journal.id}, replaced the same services`, {
    kind: 'failed',
    hint: `roll that one back first: recover rollback ${later.journal.id}`,
  });
}
