import type { Clock } from '../base/clock.ts';
import { BackupError } from '../base/errors.ts';
import type { Manifest } from '../model/backup.ts';
import type { Service } from '../model/vocabulary.ts';
import type { UnchainedManifest } from './draft.ts';
import { type Ledger, readHistory, type Reading, readLedger, storedBackup } from './history.ts';
import { writeHighWater } from './ledger.ts';
import { encodeManifest } from './manifest-codec.ts';
import { manifestKey } from './names.ts';
import { putSmall } from './small-objects.ts';
import type { DamagedFile, StoredBackup } from './stored-backup.ts';

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
  const { newest, warnings } = await chainOf(service, parts, signal);
  const place = { sequence: (newest?.sequence ?? 0) + 1, previous: newest?.digest ?? null };
  const told = { warnings: [...unchained.warnings, ...warnings] };
  const manifest: Manifest = { ...unchained, ...place, ...told, committedAt: parts.clock.now() };
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
async function chainOf(service: Service, from: Reading, signal: AbortSignal) {
  const damaged: DamagedFile[] = [];
  const { backups } = await readHistory(service, from, signal);
  const ledger = await readLedger(service, from, damaged, signal);
  const { removals, mark } = ledger;
  const links = backups.map(({ manifest: { sequence }, digest }) => ({ sequence, digest }));
  const newest = [...links, ...removals, ...(mark === undefined ? [] : [mark])]
    .toSorted((a, b) => a.sequence - b.sequence)
    .at(-1);
  return { newest, warnings: doubts(service, backups, ledger, damaged) };
}

/** What a person must look at before the next backup covers it up. */
function doubts(
  service: Service,
  backups: readonly StoredBackup[],
  { removals, mark }: Ledger,
  damaged: readonly DamagedFile[],
): string[] {
  const found = damaged.map(({ error }) => `${error.message}: backups that were taken away before may not be missed`);
  if (mark === undefined || backups.length + removals.length > 0) return found;
  const already = `${mark.sequence} ${mark.sequence === 1 ? 'backup was' : 'backups were'} made before, and none is there`;
  return [...found, `${already}: is the volume of the ${service} backups mounted?`];
}
