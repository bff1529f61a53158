import { statfs } from 'node:fs/promises';
import { type Clock } from '../base/clock.ts';
import type { Reached } from '../base/crash-points.ts';
import { BackupError, reason } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Processes } from '../base/processes.ts';
import type { Proof, ValidationOutcome } from '../model/backup.ts';
import type { Progress, ReadableBackup } from '../model/source.ts';
import type { Store } from '../model/store.ts';
import type { BackupId, BackupType, Instant, Service } from '../model/vocabulary.ts';
import type { SealSettings } from '../pipeline/compression.ts';
import { integrityErrors } from '../pipeline/unsealing.ts';
import { renderCatalogue } from './catalogue.ts';
import { commitManifest } from './commit.ts';
import { Draft, type DraftContext } from './draft.ts';
import { readBackup, readHistory, type Reading, readLedger, readManifest } from './history.ts';
import type { Keyring } from './keyring.ts';
import type { KnownHere } from './known-here.ts';
import { clearLeftovers, findLeftovers, type Leftovers } from './leftovers.ts';
import { type HeldLock, heldLock, lockRecords, lockService, type ServiceLock } from './lock.ts';
import { catalogueKey, proofKey } from './names.ts';
import { freeId } from './new-id.ts';
import { encodeProof } from './proof-codec.ts';
import { readableBackup, sealedArtifact } from './readable.ts';
import { recordRemovals, removeFiles, settleRemovals, type WantedRemoval } from './removal.ts';
import { putSmall } from './small-objects.ts';
import { type Listing, noteKnown, readListing, versionsOf } from './listing.ts';
import type { DamagedFile, History, StoredBackup } from './stored-backup.ts';

export interface RepositoryDeps {
  readonly store: Store;
  /** `BACKUP_DIR`: where the lock files are. */
  readonly directory: string;
  /** `STATE_DIR`: where the high-water marks are; `directory` unless given. */
  readonly stateDirectory?: string;
  readonly keyring: Keyring;
  readonly seal: SealSettings;
  readonly clock: Clock;
  readonly processes: Processes;
  readonly reached: Reached;
  readonly log: Log;
  /** For a process that looks over and over: what it has authenticated before. */
  readonly knownHere?: KnownHere;
}

export interface ReadContext {
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** The backups of a store. Owns the order of writes (docs/format.md): a backup exists if its manifest does. */
export class Repository {
  readonly #deps: RepositoryDeps;
  readonly #reading: Reading;

  constructor(deps: RepositoryDeps) {
    this.#deps = deps;
    const { store, keyring, directory, stateDirectory = directory } = deps;
    this.#reading = { store, keyring, stateDirectory };
  }

  /** Exclusive lock of one service; fails at once with kind `busy`, saying who holds it. */
  lock(service: Service, signal: AbortSignal): Promise<ServiceLock> {
    return lockService(service, this.#deps.directory, this.#deps, signal);
  }

  /** Who has held that lock for a while. */
  heldLock(service: Service, signal: AbortSignal): Promise<HeldLock | undefined> {
    return heldLock(service, this.#deps.directory, this.#deps, signal);
  }

  /** Clears what killed runs left, then opens a draft under an id that nothing has used. */
  async draft(service: Service, type: BackupType, lock: ServiceLock, context: DraftContext): Promise<Draft> {
    this.#expectLock(lock, service);
    const removed = await this.#clear(service, context.signal);
    const { store, seal, clock, processes, reached } = this.#deps;
    const startedAt = clock.now();
    const id = await freeId(service, type, startedAt, removed, store, context.signal);
    await reached('draft.opened');
    const warn = this.#warn.bind(this);
    const commit: ConstructorParameters<typeof Draft>[0]['commit'] = (manifest, backupKey, signal) =>
      this.#commit(service, () => commitManifest(manifest, backupKey, { ...this.#reading, clock, warn }, signal));
    return new Draft({ id, service, type, startedAt, store, seal, clock, processes, reached, context, warn, commit });
  }

  /** Bytes that may still be written beside the backups; undefined where the file system does not say. */
  async freeBytes(): Promise<number | undefined> {
    const { bavail, bsize, blocks } = await statfs(this.#deps.directory);
    return blocks === 0 ? undefined : bavail * bsize;
  }

  /** All authenticated manifests of one service; what is damaged or missing is reported beside, never thrown. */
  history(service: Service, signal: AbortSignal): Promise<History> {
    return readHistory(service, this.#reading, signal);
  }

  /** The same in a few words each; files that were authenticated before and not written since are not read again. */
  listing(service: Service, signal: AbortSignal): Promise<Listing> {
    return readListing(service, this.#reading, this.#deps.knownHere, signal);
  }

  /** Fails with `not-found`, `damaged`, `keys` or `newer-format`; a damaged proof counts as none. */
  find(id: BackupId, signal: AbortSignal): Promise<StoredBackup> {
    return readBackup(id, this.#reading, (found) => this.#reportDamage(found), signal);
  }

  /** Nothing is read before the first artifact is asked for. */
  open(backup: StoredBackup, context: ReadContext): ReadableBackup {
    const { store, processes } = this.#deps;
    return readableBackup(backup, { store, processes, ...context, backupKey: () => this.#key(backup, context.signal) });
  }

  /** Checks every tag, hash and size of every artifact without decrypting. Sentences; [] when all is good. */
  async checkIntegrity(backup: StoredBackup, context: ReadContext): Promise<string[]> {
    const { id, artifacts } = backup.manifest;
    const key = await this.#key(backup, context.signal);
    const errors: string[] = [];
    for (const each of artifacts) {
      const sealed = sealedArtifact(id, each, key, this.#deps.store, context.signal, context.progress);
      errors.push(...(await integrityErrors(sealed)));
    }
    return errors;
  }

  /** Adds an outcome to the backup's proof, in place of the earlier one of its level. */
  async recordOutcome(backup: StoredBackup, outcome: ValidationOutcome, signal: AbortSignal): Promise<Proof> {
    const { id, service } = backup.manifest;
    const key = await this.#key(backup, signal);
    await using _lock = await this.#lockRecords(service, signal);
    const { proof } = await this.find(id, signal);
    const others = (proof?.outcomes ?? []).filter((each) => each.level !== outcome.level);
    const next: Proof = { id, outcomes: [...others, outcome] };
    await putSmall(this.#deps.store, proofKey(id), encodeProof(next, key), {}, signal);
    return next;
  }

  /** Writes the derived file `<service>/metadata.json`, and notes for `listing` what was read for it. */
  async writeCatalogue(service: Service, signal: AbortSignal): Promise<void> {
    await using _lock = await this.#lockRecords(service, signal);
    const versions = await versionsOf(service, this.#deps.store, signal);
    const { backups } = await this.history(service, signal);
    const text = renderCatalogue(service, backups, this.#deps.clock.now());
    await putSmall(this.#deps.store, catalogueKey(service), Buffer.from(text), {}, signal);
    await noteKnown(service, backups, versions, this.#reading);
  }

  /** Removes a backup for a reason that is kept with its sequence; may be called again after a crash. */
  remove(backup: StoredBackup, why: string, lock: ServiceLock, signal: AbortSignal): Promise<void> {
    return this.removeAll([{ backup, why }], lock, () => undefined, signal);
  }

  /** Removes one after the other, in their order; `removed` hears of each. The catalogue is written once. */
  async removeAll(
    removals: readonly WantedRemoval[],
    lock: ServiceLock,
    removed: (backup: StoredBackup, why: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { service } = lock;
    const parts = { ...this.#reading, clock: this.#deps.clock, reached: this.#deps.reached };
    for (const { backup } of removals) this.#expectLock(lock, backup.manifest.service);
    await this.#underRecordsLock(service, signal, () => settleRemovals(service, parts, signal));
    if (removals.length === 0) return;
    await this.#underRecordsLock(service, signal, () => recordRemovals(service, removals, parts, signal));
    try {
      for (const { backup, why } of removals) {
        await this.#underRecordsLock(service, signal, () => removeFiles(backup, parts, signal));
        removed(backup, why);
      }
    } finally {
      const never = new AbortController().signal; // what has been done is to be on record
      await this.#underRecordsLock(service, never, () => settleRemovals(service, parts, never));
      await this.writeCatalogue(service, never);
    }
  }

  /** Deletes what was set aside of killed runs and was written before; returns the keys. */
  async purgeOrphans(before: Instant, lock: ServiceLock, signal: AbortSignal): Promise<readonly string[]> {
    const { orphans } = await this.leftovers(lock.service, signal);
    const old = orphans.filter(({ modified }) => modified < before).map(({ key }) => key);
    for (const key of old) await this.#deps.store.delete(key, signal);
    return old;
  }

  /** Files that belong to no backup: of a run under way, of a killed one, or set aside. */
  leftovers(service: Service, signal: AbortSignal): Promise<Leftovers> {
    return findLeftovers(service, this.#deps.store, signal);
  }

  async #commit(service: Service, write: () => Promise<StoredBackup>): Promise<StoredBackup> {
    const stored = await write();
    const never = new AbortController().signal; // it is committed: an interrupt no longer undoes it
    await this.writeCatalogue(service, never).catch((error: unknown) => {
      this.#warn(`the catalogue of ${service} could not be written`, error);
    });
    return stored;
  }

  async #clear(service: Service, signal: AbortSignal): Promise<ReadonlySet<BackupId>> {
    await using _lock = await this.#lockRecords(service, signal);
    const { removals } = await readLedger(service, this.#reading, [], signal);
    const removed = new Set(removals.map((each) => each.id));
    const aside = await clearLeftovers(service, removed, this.#deps.store, this.#deps.reached, signal);
    for (const key of aside) this.#deps.log.warn('set aside a file of a backup that was never committed', { key });
    return removed;
  }

  async #underRecordsLock(service: Service, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    await using _lock = await this.#lockRecords(service, signal);
    await work();
  }

  #lockRecords(service: Service, signal: AbortSignal): Promise<AsyncDisposable> {
    return lockRecords(service, this.#deps.directory, this.#deps.processes, signal);
  }

  /** The manifest is read again: what was chosen must be what is opened. */
  async #key(backup: StoredBackup, signal: AbortSignal): Promise<Buffer> {
    const opened = await readManifest(backup.manifest.id, this.#reading, signal);
    if (opened.digest === backup.digest) return opened.backupKey;
    const message = `the manifest of ${backup.manifest.id} was exchanged for another`;
    throw new BackupError(message, { kind: 'damaged', hint: 'find out who writes to the backups' });
  }

  #expectLock(lock: ServiceLock, service: Service): void {
    if (lock.service !== service) throw new Error(`the lock of ${lock.service} was given for ${service}`);
  }

  #warn(message: string, cause: unknown): void {
    this.#deps.log.warn(message, { reason: reason(cause) });
  }

  #reportDamage({ path, error }: DamagedFile): void {
    this.#deps.log.error('a file is damaged', { path, reason: reason(error) });
  }
}
