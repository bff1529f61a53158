import type { Clock } from '../base/clock.ts';
import { BackupError } from '../base/errors.ts';
import type { Manifest } from '../model/backup.ts';
import type { Service } from '../model/vocabulary.ts';
import type { UnchainedManifest } from './draft.ts';
import { readHistory, type Reading, readLedger, storedBackup } from './history.ts';
import { writeHighWater } from './ledger.ts';
import { encodeManifest } from './manifest-codec.ts';
import { manifestKey } from './names.ts';
import { putSmall } from './small-objects.ts';
import type { StoredBackup } from './stored-backup.ts';

interface CommitParts extends Reading {
  readonly clock: Clock;
  readonly warn: (message: string, cause: unknown) => void;
}

/** Gives the backup its place in the chain and writes its manifest, which is the commit; then the mark. */
export async function commitManifest(
  unchained: UnchainedManifest,
  backupKey: Buffer,
  parts: CommitParts,
  signal: AbortSignal,
): Promise<StoredBackup> {
  const { id, service } = unchained;
  const newest = await newestLink(service, parts, signal);
  const place = { sequence: (newest?.sequence ?? 0) + 1, previous: newest?.digest ?? null };
  const manifest: Manifest = { ...unchained, ...place, committedAt: parts.clock.now() };
  const { bytes, digest } = encodeManifest(manifest, backupKey, parts.keyring);
  await putManifest(manifestKey(id), bytes, parts, signal);
  const mark = { sequence: manifest.sequence, digest };
  await writeHighWater(service, mark, parts.stateDirectory, parts.keyring).catch((error: unknown) => {
    parts.warn(`the high-water mark of ${service} could not be written`, error);
  });
  return storedBackup({ manifest, digest, backupKey }, undefined);
}

/** A put that failed after the manifest got its name (a failed fsync of the directory) takes it back. */
async function putManifest(key: string, bytes: Buffer, parts: CommitParts, signal: AbortSignal): Promise<void> {
  try {
    await putSmall(parts.store, key, bytes, { ifAbsent: true }, signal);
  } catch (error) {
    if (!(error instanceof BackupError && error.kind === 'exists'))
      await parts.store.delete(key, new AbortController().signal);
    throw error;
  }
}

/** The highest place in the chain that anything authentic tells of: a manifest, the mark, or a removal. */
async function newestLink(service: Service, from: Reading, signal: AbortSignal) {
  const { backups } = await readHistory(service, from, signal);
  const { removals, mark } = await readLedger(service, from, [], signal);
  const links = backups.map(({ manifest: { sequence }, digest }) => ({ sequence, digest }));
  return [...links, ...removals, ...(mark === undefined ? [] : [mark])]
    .toSorted((a, b) => a.sequence - b.sequence)
    .at(-1);
}
