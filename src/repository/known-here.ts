import type { Version, Watch } from '../model/store.ts';
import type { BackupId, Service } from '../model/vocabulary.ts';
import { readBackups, type Reading } from './history.ts';
import { type Authenticated, authenticated, readKnown } from './known.ts';
import { MANIFEST_SUFFIX, parseKey, PROOF_SUFFIX } from './names.ts';
import type { DamagedFile } from './stored-backup.ts';

/** What is known of one service; each look changes it. */
interface KnownService {
  readonly watch: Watch;
  readonly keyIds: string;
  readonly backups: Map<BackupId, Authenticated>;
  /** What did not authenticate is read again at every look. */
  readonly doubtful: ReadonlySet<BackupId>;
}

/**
 * What one process has authenticated: of looks that it makes one after the other, each reads only what was written since
 * the one before. A look that fails, or is made with other keys, begins anew.
 */
export class KnownHere {
  readonly #services = new Map<Service, KnownService>();

  /** All that authenticates, in no order; undefined where the store cannot be watched. */
  async look(
    service: Service,
    from: Reading,
    damaged: DamagedFile[],
    signal: AbortSignal,
  ): Promise<Iterable<Authenticated> | undefined> {
    const before = this.#take(service, from.keyring.keyIds);
    const watch = before?.watch ?? from.store.watch?.(`${service}/`, saysWhatItIs);
    if (watch === undefined) return undefined;
    const { written, gone } = await watch.look(signal);
    const { backups, doubtful: again } = before ?? (await fromDisk(service, from, written));
    const touched = before === undefined ? again : new Set([...again, ...idsOf(written.keys()), ...idsOf(gone)]);
    for (const id of touched) backups.delete(id);
    for (const each of await readBackups([...touched], () => true, from, damaged, signal))
      backups.set(each.manifest.id, authenticated(each));
    const doubtful = new Set(idsOf(damaged.map(({ path }) => path)));
    this.#services.set(service, { watch, keyIds: from.keyring.keyIds, backups, doubtful });
    return backups.values();
  }

  #take(service: Service, keyIds: string): KnownService | undefined {
    const found = this.#services.get(service);
    this.#services.delete(service);
    return found?.keyIds === keyIds ? found : undefined;
  }
}

function idsOf(keys: Iterable<string>): BackupId[] {
  return [...keys].flatMap((key) => parseKey(key)?.id ?? []);
}

/** What this machine has authenticated as it is now, and the rest. */
async function fromDisk(
  service: Service,
  from: Reading,
  written: ReadonlyMap<string, Version>,
): Promise<Pick<KnownService, 'backups' | 'doubtful'>> {
  const backups = new Map<BackupId, Authenticated>();
  const doubtful = new Set<BackupId>();
  const known = await readKnown(service, from);
  for (const [id, { manifest, proof }] of versionsIn(written)) {
    const same = known.get(id);
    if (same?.manifest !== manifest || same.proof !== proof) doubtful.add(id);
    else backups.set(id, { summary: same.summary, digest: same.digest, previous: same.previous });
  }
  return { backups, doubtful };
}

/** Of the files of a backup that say what it is; empty where there is none. */
export interface Versions {
  readonly manifest: Version;
  readonly proof: Version;
}

export const NO_FILES: Versions = { manifest: '', proof: '' };

export function saysWhatItIs(key: string): boolean {
  return key.endsWith(MANIFEST_SUFFIX) || key.endsWith(PROOF_SUFFIX);
}

/** What they are, by backup. */
export function versionsIn(files: Iterable<readonly [key: string, Version]>): ReadonlyMap<BackupId, Versions> {
  const versions = new Map<BackupId, Versions>();
  for (const [key, version] of files) {
    const parsed = parseKey(key);
    if (parsed === undefined) continue;
    const before = versions.get(parsed.id) ?? NO_FILES;
    if (parsed.rest === MANIFEST_SUFFIX) versions.set(parsed.id, { ...before, manifest: version });
    if (parsed.rest === PROOF_SUFFIX) versions.set(parsed.id, { ...before, proof: version });
  }
  return versions;
}
