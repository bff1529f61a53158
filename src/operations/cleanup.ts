import type { Clock } from '../base/clock.ts';
import { BackupError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Damage } from '../model/agent.ts';
import type { BackupId, Service } from '../model/vocabulary.ts';
import { planRetention, type RetentionDecision, type RetentionRequest } from '../policy/retention.ts';
import type { ServiceLock } from '../repository/lock.ts';
import type { Repository } from '../repository/repository.ts';
import type { History, StoredBackup } from '../repository/stored-backup.ts';
import { damageIn, storedHistory } from './history.ts';

export interface CleanupDependencies {
  readonly repository: Repository;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is to become of one service's backups, and what of it was done. */
export interface CleanupResult {
  readonly service: Service;
  /** Ascending by sequence. */
  readonly decisions: readonly RetentionDecision[];
  /** Empty in a dry run. */
  readonly removed: readonly BackupId[];
  /** Files of backups that were never committed, set aside long ago and deleted now; keys. */
  readonly orphans: readonly string[];
  /** What does not authenticate. It counts as nothing, and is never removed. */
  readonly damage: readonly Damage[];
}

/** What would become of a service's backups now; nothing is changed. `others` are those of the other services. */
export async function planCleanup(
  service: Service,
  request: RetentionRequest,
  others: readonly StoredBackup[],
  deps: CleanupDependencies,
  signal: AbortSignal,
): Promise<CleanupResult> {
  const found = await storedHistory(service, deps.repository, signal);
  return planOf(service, found, request, others, deps);
}

/** Does it: under the service's lock, by a plan made under it. What is built upon others goes before them. */
export async function cleanUp(
  service: Service,
  request: RetentionRequest,
  others: readonly StoredBackup[],
  deps: CleanupDependencies,
  signal: AbortSignal,
): Promise<CleanupResult> {
  const { repository, log } = deps;
  await using lock = await repository.lock(service, signal);
  const found = await storedHistory(service, repository, signal);
  const plan = planOf(service, found, request, others, deps);
  const removed: BackupId[] = [];
  const noteRemoval = ({ manifest: { id } }: StoredBackup, why: string): void => {
    removed.push(id);
    log.info('removed a backup', { id, why });
  };
  try {
    await repository.removeAll(removalsOf(plan, found), lock, noteRemoval, signal);
  } catch (error) {
    throw error instanceof BackupError && removed.length > 0 ? withRemoved(error, removed) : error;
  }
  return { ...plan, removed, orphans: await purge(lock, deps, signal) };
}

/** What has gone is gone, whatever came then. */
function withRemoved(
  { message, kind, hint, retrySafe, cause }: BackupError,
  removed: readonly BackupId[],
): BackupError {
  const gone = `removed before: ${removed.join(', ')}`;
  return new BackupError(`${message}; ${gone}`, { kind, ...(hint === undefined ? {} : { hint }), retrySafe, cause });
}

function planOf(
  service: Service,
  { backups, damaged, gaps }: History,
  request: RetentionRequest,
  others: readonly StoredBackup[],
  { clock }: CleanupDependencies,
): CleanupResult {
  const held = [...backups, ...others].map(({ manifest, proof, bytes }) => ({ manifest, proof, storedBytes: bytes }));
  const decisions = planRetention(held, { ...request, services: [service] }, clock.now());
  return { service, decisions, removed: [], orphans: [], damage: damageIn(damaged, gaps) };
}

function removalsOf({ decisions }: CleanupResult, { backups }: History) {
  const byId = new Map(backups.map((each) => [each.manifest.id, each]));
  return decisions.toReversed().flatMap(({ keep, backup, reason }) => {
    const stored = keep ? undefined : byId.get(backup.manifest.id);
    return stored === undefined ? [] : [{ backup: stored, why: reason }];
  });
}

const ORPHAN_MILLISECONDS = 7 * 24 * 3_600_000;

async function purge(
  lock: ServiceLock,
  { repository, clock, log }: CleanupDependencies,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const before = new Date(Date.parse(clock.now()) - ORPHAN_MILLISECONDS).toISOString();
  const orphans = await repository.purgeOrphans(before, lock, signal);
  for (const key of orphans) log.info('deleted a file of a backup that was never committed', { key });
  return orphans;
}
