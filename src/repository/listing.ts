import { Turns } from '../base/turns.ts';
import type { BackupSummary } from '../model/backup.ts';
import type { Store, Version } from '../model/store.ts';
import type { BackupId, Service } from '../model/vocabulary.ts';
import { gapsIn, readBackups, readLedger, type Reading } from './history.ts';
import { type Authenticated, authenticated, readKnown, writeKnown } from './known.ts';
import { type KnownHere, NO_FILES, saysWhatItIs, type Versions, versionsIn } from './known-here.ts';
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
 * been written since, are not read again. `validate` does read them. `here` is for a process that lists over and over.
 */
export async function readListing(
  service: Service,
  from: Reading,
  here: KnownHere | undefined,
  signal: AbortSignal,
): Promise<Listing> {
  const damaged: DamagedFile[] = [];
  // Before the manifests: one that is committed meanwhile must not look as if it were missing.
  const ledger = await readLedger(service, from, damaged, signal);
  const backups =
    (await here?.look(service, from, damaged, signal)) ?? (await readChanged(service, from, damaged, signal));
  const all = [...backups].toSorted((a, b) => a.summary.sequence - b.summary.sequence);
  await new Turns().give();
  const { gaps, missing } = await gapsIn(service, all.map(linkOf), ledger, from, signal);
  return { backups: all.map((each) => each.summary), damaged, gaps, missing };
}

/** By what the machine has noted of them. */
async function readChanged(
  service: Service,
  from: Reading,
  damaged: DamagedFile[],
  signal: AbortSignal,
): Promise<Authenticated[]> {
  const known = await readKnown(service, from);
  const versions = await versionsOf(service, from.store, signal);
  const all: Authenticated[] = [];
  const others: BackupId[] = [];
  for (const [id, { manifest, proof }] of versions) {
    const found = known.get(id);
    if (found?.manifest === manifest && found.proof === proof) all.push(found);
    else if (manifest !== NO_FILES.manifest) others.push(id);
  }
  const hasProof = (id: BackupId): boolean => versions.get(id)?.proof !== NO_FILES.proof;
  const read = await readBackups(others, hasProof, from, damaged, signal);
  return [...all, ...read.map((each) => authenticated(each))];
}

/** What the files of a service were before they are read: one that is written meanwhile will not look the same. */
export async function versionsOf(
  service: Service,
  store: Store,
  signal: AbortSignal,
): Promise<ReadonlyMap<BackupId, Versions>> {
  const files: [string, Version][] = [];
  for await (const { key, version } of store.list(`${service}/`, signal, saysWhatItIs)) files.push([key, version]);
  return versionsIn(files);
}

/** Keeps what was authenticated, for listings to come. `versions` are from before it was read. */
export async function noteKnown(
  service: Service,
  backups: readonly StoredBackup[],
  versions: ReadonlyMap<BackupId, Versions>,
  from: Reading,
): Promise<void> {
  const known = backups.map((each) => ({
    ...authenticated(each),
    ...(versions.get(each.manifest.id) ?? NO_FILES),
  }));
  await writeKnown(service, known, from);
}

function linkOf({ summary: { id, sequence }, previous, digest }: Authenticated) {
  return { id, sequence, previous, digest };
}
