import { BackupError } from '../base/errors.ts';
import type { Reached } from '../base/crash-points.ts';
import type { Stat, Store } from '../model/store.ts';
import type { BackupId, Service } from '../model/vocabulary.ts';
import { MANIFEST_SUFFIX, orphanKey, orphansPrefix, parseKey } from './names.ts';

/** What killed runs left of one service. */
export interface Leftovers {
  /** Files of puts that never ended, named for `Store.abandon`. */
  readonly unfinished: readonly string[];
  /** Finished files without a manifest. While the service's lock is held by another they are its work. */
  readonly uncommitted: readonly Stat[];
  /** Those that were set aside before. */
  readonly orphans: readonly Stat[];
}

export async function findLeftovers(service: Service, store: Store, signal: AbortSignal): Promise<Leftovers> {
  const files: { readonly stat: Stat; readonly id: BackupId }[] = [];
  const committed = new Set<BackupId>();
  const orphans: Stat[] = [];
  for await (const stat of store.list(`${service}/`, signal)) {
    const parsed = parseKey(stat.key);
    if (stat.key.startsWith(orphansPrefix(service))) orphans.push(stat);
    if (parsed === undefined) continue;
    if (parsed.rest === MANIFEST_SUFFIX) committed.add(parsed.id);
    else files.push({ stat, id: parsed.id });
  }
  const uncommitted = files.filter(({ id }) => !committed.has(id)).map(({ stat }) => stat);
  return { unfinished: await store.unfinished(`${service}/`, signal), uncommitted, orphans };
}

/**
 * Removes unfinished files, and sets finished ones without a manifest aside; those of backups whose removal was
 * recorded are deleted, which is what the removal was about to do. Only under the locks of the service.
 */
export async function clearLeftovers(
  service: Service,
  removed: ReadonlySet<string>,
  store: Store,
  reached: Reached,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { unfinished, uncommitted } = await findLeftovers(service, store, signal);
  for (const name of unfinished) await store.abandon(name, signal);
  const aside: string[] = [];
  for (const { key } of uncommitted) {
    if (removed.has(parseKey(key)?.id ?? '')) await store.delete(key, signal);
    else aside.push(await setAside(service, key, store, signal));
    await reached('orphan.moved');
  }
  return aside;
}

async function setAside(service: Service, key: string, store: Store, signal: AbortSignal): Promise<string> {
  const name = key.slice(key.lastIndexOf('/') + 1);
  for (let attempt = 0; ; attempt += 1) {
    const to = orphanKey(service, name, attempt);
    try {
      await store.move(key, to, signal);
      return to;
    } catch (error) {
      if (!(error instanceof BackupError && error.kind === 'exists')) throw error;
    }
  }
}
