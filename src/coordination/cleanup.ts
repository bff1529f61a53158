import { BackupError, SeveralErrors } from '../base/errors.ts';
import type { Agent } from '../model/agent.ts';
import type { BackupId, BackupType } from '../model/vocabulary.ts';
import { cleanUp, type CleanupDependencies, type CleanupResult, planCleanup } from '../operations/cleanup.ts';
import { storedHistory } from '../operations/history.ts';
import type { RetentionRequest } from '../policy/retention.ts';
import type { RetentionRules } from '../policy/retention-floors.ts';
import type { StoredBackup } from '../repository/stored-backup.ts';
import { errorsOf, forEachAgent, type ServiceResult, valuesOf } from './fan-out.ts';
import { type CoordinationDependencies, knownRecoveries, lockRecovery } from './settle.ts';

export interface CleanupRequest {
  readonly types: readonly BackupType[] | 'all';
  readonly rules: RetentionRules;
  readonly olderThanDays?: number;
  /** Only make the plan. */
  readonly dryRun: boolean;
}

/**
 * Removes what the rules let go of several services, one after the other, and reports each. While a recovery is in
 * progress, or waits to be ended after a crash, nothing is removed (kind `busy`).
 */
export async function cleanUpServices(
  agents: readonly Agent[],
  request: CleanupRequest,
  deps: CoordinationDependencies & CleanupDependencies,
  signal: AbortSignal,
): Promise<ServiceResult<CleanupResult>[]> {
  if (request.dryRun) return await cleanEach(agents, request, deps, signal);
  await using _lock = await lockRecovery(deps, signal, 'shared');
  return await cleanEach(agents, request, deps, signal);
}

async function cleanEach(
  agents: readonly Agent[],
  request: CleanupRequest,
  deps: CoordinationDependencies & CleanupDependencies,
  signal: AbortSignal,
): Promise<ServiceResult<CleanupResult>[]> {
  const { types, rules, olderThanDays, dryRun } = request;
  const pinned = await pinnedBackups(deps);
  const services = agents.map((each) => each.service);
  const whole: RetentionRequest = {
    services,
    types,
    rules,
    pinned,
    ...(olderThanDays === undefined ? {} : { olderThanDays }),
  };
  const stored = await allStored(deps, signal);
  const clean = dryRun ? planCleanup : cleanUp;
  return await forEachAgent(
    agents,
    ({ service }) => {
      const others = stored.filter(({ manifest }) => manifest.service !== service);
      return clean(service, whole, others, deps, signal);
    },
    'sequential',
  );
}

/** What cannot be read of one service could make a recovery point of another look incomplete. */
async function allStored(
  { agents, repository }: CoordinationDependencies & CleanupDependencies,
  signal: AbortSignal,
): Promise<StoredBackup[]> {
  const results = await forEachAgent(agents, ({ service }) => storedHistory(service, repository, signal));
  const errors = errorsOf(results);
  if (errors.length > 0) throw new SeveralErrors('nothing was removed', errors);
  return valuesOf(results).flatMap((each) => each.backups);
}

/** Safety copies that a rollback would need: until `recover finish`, or the rollback itself. */
async function pinnedBackups(deps: CoordinationDependencies): Promise<ReadonlyMap<BackupId, string>> {
  const pinned = new Map<BackupId, string>();
  for (const { journal, state } of await knownRecoveries(deps)) {
    if (state.outcome === undefined || state.decided !== undefined) {
      const hint = 'end it first: physics-backup recover resume';
      throw new BackupError(`the recovery ${journal.id} was interrupted`, { kind: 'busy', hint });
    }
    if (state.outcome !== 'recovered') continue;
    for (const { safety } of state.services)
      if (safety !== undefined) pinned.set(safety, `what ${journal.id} replaced, until it is finished`);
  }
  return pinned;
}
