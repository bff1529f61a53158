import type { Store } from '../model/store.ts';
import { backupId, type BackupId, type BackupType, type Instant, type Service } from '../model/vocabulary.ts';
import { prefixOf } from './names.ts';

/**
 * The id of this second, or of the next one that no file bears yet: never that of another backup, nor of one that was
 * removed, by whose id it is on record, in logs and in reports.
 */
export async function freeId(
  service: Service,
  type: BackupType,
  at: Instant,
  removed: ReadonlySet<BackupId>,
  store: Store,
  signal: AbortSignal,
): Promise<BackupId> {
  for (let second = Date.parse(at); ; second += 1000) {
    const id = backupId(service, type, new Date(second).toISOString());
    if (!removed.has(id) && !(await isUsed(`${prefixOf(id)}${id}.`, store, signal))) return id;
  }
}

async function isUsed(prefix: string, store: Store, signal: AbortSignal): Promise<boolean> {
  for await (const _found of store.keys(prefix, signal)) return true;
  return false;
}
