import type { Clock } from '../base/clock.ts';
import type { Reached } from '../base/crash-points.ts';
import type { Reading } from './history.ts';
import { readRemovals, writeRemovals } from './ledger.ts';
import { manifestKey, proofKey, TAGS_SUFFIX } from './names.ts';
import type { StoredBackup } from './stored-backup.ts';

interface RemovalParts extends Reading {
  readonly clock: Clock;
  readonly reached: Reached;
}

/**
 * The list of removals first, so that the gap is explained; then the manifest, after which there is no backup; then
 * the bytes. Cut short after the list, the backup is whole still; after the manifest, the next draft deletes the rest.
 */
export async function removeBackup(
  backup: StoredBackup,
  why: string,
  parts: RemovalParts,
  signal: AbortSignal,
): Promise<void> {
  const { id, artifacts } = backup.manifest;
  await record(backup, why, parts, signal);
  await parts.reached('removal.recorded');
  await parts.store.delete(manifestKey(id), signal);
  await parts.reached('removal.committed');
  const names = artifacts.flatMap(({ name }) => [name, `${name}${TAGS_SUFFIX}`]);
  for (const key of [...names.map((name) => `${backup.directory}${name}`), proofKey(id)]) {
    await parts.store.delete(key, signal);
    await parts.reached('removal.artifact-deleted');
  }
}

async function record(backup: StoredBackup, why: string, parts: RemovalParts, signal: AbortSignal): Promise<void> {
  const { id, service, sequence } = backup.manifest;
  const removed = await readRemovals(service, parts.store, parts.keyring, signal);
  if (removed.some((each) => each.digest === backup.digest)) return;
  const removal = { id, sequence, digest: backup.digest, reason: why, at: parts.clock.now() };
  await writeRemovals(service, [...removed, removal], parts.store, parts.keyring, signal);
}
