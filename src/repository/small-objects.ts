import { Readable } from 'node:stream';
import { BackupError } from '../base/errors.ts';
import type { Stat, Store } from '../model/store.ts';

/** Manifests and their like: with a fact per table or file they may reach megabytes, never this. */
const LIMIT = 32 * 1024 * 1024;

/** The whole of a small file. */
export function readSmall(store: Store, key: string, signal: AbortSignal): Promise<Buffer> {
  return store.read(key, LIMIT, signal);
}

/** As `readSmall`, undefined when there is none. */
export async function readIfThere(store: Store, key: string, signal: AbortSignal): Promise<Buffer | undefined> {
  try {
    return await readSmall(store, key, signal);
  } catch (error) {
    if (error instanceof BackupError && error.kind === 'not-found') return undefined;
    throw error;
  }
}

export function putSmall(
  store: Store,
  key: string,
  bytes: Uint8Array,
  options: { ifAbsent?: boolean },
  signal: AbortSignal,
): Promise<Stat> {
  return store.put(key, () => Readable.from([bytes]), options, signal);
}
