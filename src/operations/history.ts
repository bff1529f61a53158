import type { Damage, History, Run } from '../model/agent.ts';
import type { BackupSummary } from '../model/backup.ts';
import type { Service } from '../model/vocabulary.ts';
import type { Listing } from '../repository/listing.ts';
import { MANIFEST_SUFFIX } from '../repository/names.ts';
import type { DamagedFile, History as StoredHistory } from '../repository/stored-backup.ts';
import type { OperationDependencies } from './dependencies.ts';

/** Every backup of the service that authenticates, and beside them what does not. */
export async function history(deps: OperationDependencies, run: Run): Promise<History> {
  const { backups, damaged, gaps } = await openHistory(deps, run);
  return {
    backups: backups.map(({ manifest, proof, bytes }) => ({ manifest, proof, storedBytes: bytes })),
    damage: damageIn(damaged, gaps),
  };
}

/**
 * The stored history. A keyring that opens none of the backups is another's: nothing can be said of them, and a backup
 * would begin a second chain beside the first. Fails with kind `keys` then.
 */
export async function openHistory(deps: OperationDependencies, run: Run): Promise<StoredHistory> {
  return await storedHistory(deps.source.service, deps.repository, run.signal);
}

/** The same without a source. */
export async function storedHistory(
  service: Service,
  repository: OperationDependencies['repository'],
  signal: AbortSignal,
): Promise<StoredHistory> {
  return opened(await repository.history(service, signal));
}

/** What a list shows of one service's backups, and what of them does not authenticate. Fails as `openHistory` does. */
export async function listing(
  service: Service,
  repository: OperationDependencies['repository'],
  signal: AbortSignal,
): Promise<{ readonly backups: readonly BackupSummary[]; readonly damage: readonly Damage[] }> {
  const { backups, damaged, gaps } = await openListing(service, repository, signal);
  return { backups, damage: damageIn(damaged, gaps) };
}

/** The stored listing. Fails as `openHistory` does. */
export async function openListing(
  service: Service,
  repository: OperationDependencies['repository'],
  signal: AbortSignal,
): Promise<Listing> {
  return opened(await repository.listing(service, signal));
}

function opened<H extends Pick<StoredHistory, 'damaged'> & { readonly backups: readonly unknown[] }>(found: H): H {
  const closed = found.damaged.find(({ path, error }) => path.endsWith(MANIFEST_SUFFIX) && error.kind === 'keys');
  if (found.backups.length === 0 && closed !== undefined) throw closed.error;
  return found;
}

export function damageIn(damaged: readonly DamagedFile[], gaps: readonly string[]): Damage[] {
  return [...damaged.map(damageOf), ...gaps.map((message) => ({ message, kind: 'damaged' as const }))];
}

function damageOf({ path, error: { message, kind, hint } }: DamagedFile): Damage {
  return { message: `${path}: ${message}`, kind, ...(hint === undefined ? {} : { hint }) };
}
