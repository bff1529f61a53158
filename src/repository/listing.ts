import { type BackupSummary, summaryOf } from '../model/backup.ts';
import type { Store, Version } from '../model/store.ts';
import type { Service } from '../model/vocabulary.ts';
import { gapsIn, readBackups, readLedger, type Reading } from './history.ts';
import { type Known, readKnown, writeKnown } from './known.ts';
import { manifestKey, manifestOwner, proofKey } from './names.ts';
import type { DamagedFile, StoredBackup } from './stored-backup.ts';

/** Every backup of one service in a few words each. */
export interface Listing {
  /** Ascending by sequence. */
  readonly backups: readonly BackupSummary[];
  readonly damaged: readonly DamagedFile[];
  /** Signs that a backup was taken away or put back; sentences. */
  readonly gaps: readonly string[];
  /** Sequences that are neither there nor in the list of removals. */
  readonly missing: number;
}

/**
 * As `readHistory`, in a fraction of the time: files that this machine has authenticated before, and that have not
 * been written since, are not read again. `validate` does read them.
 */
export async function readListing(service: Service, from: Reading, signal: AbortSignal): Promise<Listing> {
  const damaged: DamagedFile[] = [];
  const ledger = await readLedger(service, from, damaged, signal);
  const known = await readKnown(service, from);
  const versions = await versionsOf(service, from.store, signal);
  const ids = [...versions.keys()].flatMap(manifestOwner);
  const same = ids.flatMap((id) => {
    const found = known.get(id);
    const isSame = found?.manifest === versions.get(manifestKey(id)) && found?.proof === proofVersion(versions, id);
    return isSame && found !== undefined ? [found] : [];
  });
  const seen = new Set<string>(same.map(({ summary }) => summary.id));
  const others = ids.filter((id) => !seen.has(id));
  const read = await readBackups(others, (id) => versions.has(proofKey(id)), from, damaged, signal);
  const all = [...same, ...read.map((each) => knownOf(each, versions))].toSorted(
    (a, b) => a.summary.sequence - b.summary.sequence,
  );
  const { gaps, missing } = await gapsIn(service, all.map(linkOf), ledger, from, signal);
  return { backups: all.map((each) => each.summary), damaged, gaps, missing };
}

/** What every file of a service was before it is read: one that is written meanwhile will not look the same. */
export async function versionsOf(
  service: Service,
  store: Store,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Version>> {
  const versions = new Map<string, Version>();
  for await (const { key, version } of store.list(`${service}/`, signal)) versions.set(key, version);
  return versions;
}

/** Keeps what was authenticated, for listings to come. `versions` are from before it was read. */
export async function noteKnown(
  service: Service,
  backups: readonly StoredBackup[],
  versions: ReadonlyMap<string, Version>,
  from: Reading,
): Promise<void> {
  await writeKnown(
    service,
    backups.map((each) => knownOf(each, versions)),
    from,
  );
}

function knownOf(stored: StoredBackup, versions: ReadonlyMap<string, Version>): Known {
  const { manifest, proof, bytes, digest } = stored;
  return {
    summary: summaryOf(manifest, proof, bytes),
    digest,
    previous: manifest.previous,
    manifest: versions.get(manifestKey(manifest.id)) ?? '',
    proof: proofVersion(versions, manifest.id),
  };
}

function proofVersion(versions: ReadonlyMap<string, Version>, id: BackupSummary['id']): Version {
  return versions.get(proofKey(id)) ?? '';
}

function linkOf({ summary: { id, sequence }, previous, digest }: Known) {
  return { id, sequence, previous, digest };
}
