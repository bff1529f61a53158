import { Readable } from 'node:stream';
import type { Artifact } from '../../src/model/backup.ts';
import type { Store } from '../../src/model/store.ts';
import { capture, type CaptureInput } from '../../src/pipeline/capture.ts';
import { type SealSettings, stagesOf } from '../../src/pipeline/compression.ts';
import { randomKey, sealKeys } from '../../src/pipeline/keys.ts';
import type { SealedArtifact } from '../../src/pipeline/unsealing.ts';
import { never, processes } from './repository.ts';

export const NAME = 'artifact.zst.enc';

/** Seals an input into a store, as a draft does, and says how it is opened. */
export async function sealInto(
  store: Store,
  input: CaptureInput,
  settings: SealSettings,
  signal: AbortSignal = never,
): Promise<SealedArtifact> {
  const nonce = '00112233445566778899aabbccddeeff';
  const keys = sealKeys(randomKey(), NAME, nonce);
  const captured = await capture(
    input,
    {
      artifact: (body, during) => store.put(NAME, () => Readable.from(body, { objectMode: false }), {}, during),
      tags: (body, during) => store.put(`${NAME}.tags`, () => body, {}, during),
    },
    { keys, settings, processes, onBytes: () => undefined },
    signal,
  );
  const artifact: Artifact = { extension: 'dump', name: NAME, stages: stagesOf(settings), nonce, ...captured };
  return openFrom(store, { artifact, keys, body: nothing, tags: nothing });
}

/** The same artifact, read from another store. */
export function openFrom(store: Store, sealed: SealedArtifact): SealedArtifact {
  return {
    ...sealed,
    body: () => store.get(NAME, {}, never),
    tags: () => store.get(`${NAME}.tags`, {}, never),
  };
}

function nothing(): Promise<Readable> {
  return Promise.resolve(Readable.from([]));
}
