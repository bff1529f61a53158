import type { Store } from '../model/store.ts';
import { SERVICES } from '../model/vocabulary.ts';
import type { LookForManifest } from './keyring.ts';
import { MANIFEST_SUFFIX, parseKey } from './names.ts';

/** Looks for any manifest in the stores; rejects when one of them cannot be read. */
export function lookIn(stores: readonly Store[], signal: AbortSignal): LookForManifest {
  return async () => {
    for (const store of stores) {
      for (const service of SERVICES) {
        for await (const key of store.keys(`${service}/`, signal)) {
          if (parseKey(key)?.rest === MANIFEST_SUFFIX) return key;
        }
      }
    }
    return undefined;
  };
}
