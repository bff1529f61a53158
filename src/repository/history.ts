import { asError, BackupError } from '../base/errors.ts';
import { Turns } from '../base/turns.ts';
import type { Artifact, Proof } from '../model/backup.ts';
import type { Store } from '../model/store.ts';
import type { BackupId, Service } from '../model/vocabulary.ts';
import { countMissing, findGaps, type Link } from './gaps.ts';
import type { Keyring } from './keyring.ts';
import { type HighWater, readHighWater, readRemovals, type Removal } from './ledger.ts';
import { checkManifest, decodeManifest, type OpenedManifest } from './manifest-codec.ts';
import { manifestKey, manifestOwner, prefixOf, PROOF_SUFFIX, proofKey, removalsKey } from './names.ts';
import { decodeProof } from './proof-codec.ts';
import { readIfThere, readSmall } from './small-objects.ts';
import type { DamagedFile, History, StoredBackup } from './stored-backup.ts';

export interface Reading {
  readonly store: Store;
  readonly keyring: Keyring;
  /** Where the high-water mark is kept. */
  readonly stateDirectory: string;
}

/** How many files are read at the same time: what matters for a store behind a network. */
const BATCH = 32;

/** Reads and authenticates every manifest of a service. Damage is reported beside, never thrown. */
export async function readHistory(service: Service, from: Reading, signal: AbortSignal): Promise<History> {
  const damaged: DamagedFile[] = [];
  // Before the manifests: one that is committed meanwhile must not look as if it were missing.
  const ledger = await readLedger(service, from, damaged, signal);
  const { manifests, proofs } = await manifestsAndProofs(service, from.store, signal);
  const backups = await readBackups(manifests, (id) => proofs.has(proofKey(id)), from, damaged, signal);
  backups.sort((a, b) => a.manifest.sequence - b.manifest.sequence);
  const { gaps } = await gapsIn(service, backups.map(linkOf), ledger, from, signal);
  return { backups, damaged, gaps };
}

/**
 * What is not explained. `ledger` was read before the backups: what was removed meanwhile is in a later list, and what
 * was removed before must not be there. So nobody is alarmed by a cleanup that runs at the same time.
 */
export async function gapsIn(
  service: Service,
  links: readonly Link[],
  ledger: Ledger,
  from: Reading,
  signal: AbortSignal,
): Promise<{ readonly gaps: string[]; readonly missing: number }> {
  const gaps = findGaps(links, ledger.removals, ledger.mark);
  if (gaps.length === 0) return { gaps, missing: 0 };
  const { removals } = await readLedger(service, from, [], signal);
  const known = new Set(ledger.removals.map(({ digest }) => digest));
  const later = removals.filter(({ digest }) => !known.has(digest)).map(begunMeanwhile);
  const all = [...ledger.removals, ...later];
  return { gaps: findGaps(links, all, ledger.mark), missing: countMissing(links, all, ledger.mark) };
}

/** It may have been there when the backups were read. */
function begunMeanwhile(removal: Removal): Removal {
  return { ...removal, pending: true };
}

/** Those of the backups that authenticate; what is damaged is added to `damaged`. */
export async function readBackups(
  ids: readonly BackupId[],
  hasProof: (id: BackupId) => boolean,
  from: Reading,
  damaged: DamagedFile[],
  signal: AbortSignal,
): Promise<StoredBackup[]> {
  const backups: StoredBackup[] = [];
  const turns = new Turns();
  for (let start = 0; start < ids.length; start += BATCH) {
    if (turns.due) await turns.give();
    const batch = ids.slice(start, start + BATCH);
    const read = await Promise.all(batch.map((id) => readOne(id, hasProof(id), from, damaged, signal)));
    backups.push(...read.filter((each) => each !== undefined));
  }
  return backups;
}

/** Fails with `not-found`, `damaged`, `keys` or `newer-format`. */
export async function readManifest(id: BackupId, from: Reading, signal: AbortSignal): Promise<OpenedManifest> {
  const bytes = await readIfThere(from.store, manifestKey(id), signal);
  if (bytes !== undefined) return await checked(decodeManifest(bytes, id, from.keyring));
  throw new BackupError(`there is no backup ${id}`, {
    kind: 'not-found',
    hint: 'physics-backup list shows which exist',
  });
}

async function checked(opened: OpenedManifest): Promise<OpenedManifest> {
  await checkManifest(opened.manifest);
  return opened;
}

/** As `readManifest`, with its proof; a damaged proof is none, and is reported through `onDamage`. */
export async function readBackup(
  id: BackupId,
  from: Reading,
  onDamage: (found: DamagedFile) => void,
  signal: AbortSignal,
): Promise<StoredBackup> {
  const opened = await readManifest(id, from, signal);
  return storedBackup(opened, await readProof(opened, from, onDamage, signal));
}

export function storedBackup({ manifest, digest }: OpenedManifest, proof: Proof | undefined): StoredBackup {
  const bytes = manifest.artifacts.reduce((sum: number, each: Artifact) => sum + each.storedBytes, 0);
  return { manifest, proof, bytes, directory: prefixOf(manifest.id), digest };
}

export interface Ledger {
  readonly removals: readonly Removal[];
  readonly mark: HighWater | undefined;
}

/** Removals and mark; what is damaged of them is reported and counts as absent. */
export async function readLedger(
  service: Service,
  from: Reading,
  damaged: DamagedFile[],
  signal: AbortSignal,
): Promise<Ledger> {
  const removals = await orReport(readRemovals(service, from.store, from.keyring, signal), (error) =>
    damaged.push({ path: removalsKey(service), error }),
  );
  const mark = await orReport(readHighWater(service, from.stateDirectory, from.keyring), (error) =>
    damaged.push({ path: `high-water mark of ${service}`, error }),
  );
  return { removals: removals ?? [], mark };
}

async function readOne(
  id: BackupId,
  hasProof: boolean,
  from: Reading,
  damaged: DamagedFile[],
  signal: AbortSignal,
): Promise<StoredBackup | undefined> {
  try {
    const opened = decodeManifest(await readSmall(from.store, manifestKey(id), signal), id, from.keyring);
    const proof = hasProof ? await readProof(opened, from, (found) => damaged.push(found), signal) : undefined;
    return storedBackup(opened, proof);
  } catch (error) {
    const found = expectDamage(error);
    if (found.kind !== 'not-found') damaged.push({ path: manifestKey(id), error: found }); // else: removed meanwhile
    return undefined;
  }
}

async function readProof(
  { manifest: { id }, backupKey }: OpenedManifest,
  from: Reading,
  onDamage: (found: DamagedFile) => void,
  signal: AbortSignal,
): Promise<Proof | undefined> {
  const proof = readIfThere(from.store, proofKey(id), signal).then((bytes) =>
    bytes === undefined ? undefined : decodeProof(bytes, id, backupKey),
  );
  return orReport(proof, (error) => onDamage({ path: proofKey(id), error }));
}

async function orReport<T>(value: Promise<T>, report: (error: BackupError) => void): Promise<T | undefined> {
  try {
    return await value;
  } catch (error) {
    report(expectDamage(error));
    return undefined;
  }
}

const OF_THE_FILE: ReadonlySet<string> = new Set(['damaged', 'keys', 'newer-format', 'not-found', 'denied']);

/** What is wrong with one file; what is wrong with the store, or with this program, is thrown on. */
function expectDamage(error: unknown): BackupError {
  if (error instanceof BackupError && OF_THE_FILE.has(error.kind)) return error;
  throw asError(error);
}

async function manifestsAndProofs(
  service: Service,
  store: Store,
  signal: AbortSignal,
): Promise<{ manifests: BackupId[]; proofs: ReadonlySet<string> }> {
  const manifests: BackupId[] = [];
  const proofs = new Set<string>();
  for await (const key of store.keys(`${service}/`, signal)) {
    if (key.endsWith(PROOF_SUFFIX)) proofs.add(key);
    manifests.push(...manifestOwner(key));
  }
  return { manifests, proofs };
}

function linkOf({ manifest: { id, sequence, previous }, digest }: StoredBackup) {
  return { id, sequence, previous, digest };
}
