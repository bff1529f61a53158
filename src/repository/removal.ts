import type { Clock } from '../base/clock.ts';
import type { Reached } from '../base/crash-points.ts';
import type { Service } from '../model/vocabulary.ts';
import type { Reading } from './history.ts';
import { readRemovals, type Removal, writeRemovals } from './ledger.ts';
import { manifestKey, proofKey, TAGS_SUFFIX } from './names.ts';
import type { StoredBackup } from './stored-backup.ts';

export interface RemovalParts extends Reading {
  readonly clock: Clock;
  readonly reached: Reached;
}

export interface WantedRemoval {
  readonly backup: StoredBackup;
  readonly why: string;
}

/**
 * Notes in the list of removals what is about to go, before any of it does: so the gaps are explained, and what is still
 * there after a crash is known to be under way, and not put back by anyone.
 */
export async function recordRemovals(
  service: Service,
  wanted: readonly WantedRemoval[],
  parts: RemovalParts,
  signal: AbortSignal,
): Promise<void> {
  const before = await readRemovals(service, parts.store, parts.keyring, signal);
  const at = parts.clock.now();
  const added = wanted.map(({ backup: { manifest, digest }, why }): Removal => {
    const { id, sequence } = manifest;
    return { id, sequence, digest, reason: why, at, pending: true };
  });
  const others = before.filter((each) => !added.some(({ digest }) => digest === each.digest));
  await writeRemovals(service, [...others, ...added], parts.store, parts.keyring, signal);
  await parts.reached('removal.recorded');
}

/**
 * The manifest first, after which there is no backup; then the bytes. Cut short before, the backup is whole still; after
 * it, the next draft deletes the rest.
 */
export async function removeFiles(backup: StoredBackup, parts: RemovalParts, signal: AbortSignal): Promise<void> {
  const { id, artifacts } = backup.manifest;
  await parts.store.delete(manifestKey(id), signal);
  await parts.reached('removal.committed');
  const names = artifacts.flatMap(({ name }) => [name, `${name}${TAGS_SUFFIX}`]);
  for (const key of [...names.map((name) => `${backup.directory}${name}`), proofKey(id)]) {
    await parts.store.delete(key, signal);
    await parts.reached('removal.artifact-deleted');
  }
}

/**
 * Makes the list say what is: what was to go and is gone was removed, and what is still there was not. Under the
 * service's lock, before removals and after them, however they ended.
 */
export async function settleRemovals(service: Service, parts: RemovalParts, signal: AbortSignal): Promise<void> {
  const removals = await readRemovals(service, parts.store, parts.keyring, signal);
  if (!removals.some((each) => each.pending === true)) return;
  const settled: Removal[] = [];
  for (const { pending, ...removal } of removals) {
    const isGone = pending !== true || (await parts.store.stat(manifestKey(removal.id), signal)) === undefined;
    if (isGone) settled.push(removal);
  }
  await writeRemovals(service, settled, parts.store, parts.keyring, signal);
}
