import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SealSettings } from '../../src/pipeline/compression.ts';
import { releasedChunks, releaseToFile, releaseToProcess } from '../../src/pipeline/release.ts';
import { SEGMENT_BYTES, segmentCount } from '../../src/pipeline/segments.ts';
import { integrityErrors, type SealedArtifact } from '../../src/pipeline/unsealing.ts';
import { MemoryStore } from '../../src/stores/memory.ts';
import { chunksOf, compressible, never, processes, scratch } from '../support/repository.ts';
import { NAME, sealInto } from '../support/sealed.ts';

const KINDS: SealSettings[] = (['zstd', 'gzip', 'none'] as const).flatMap((compression) =>
  [true, false].map((encryption) => ({ compression, encryption, level: 1, threads: 1 })),
);

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function released(sealed: SealedArtifact): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(releasedChunks(sealed, processes, never)));
}

/** Around every boundary: nothing, a cipher block, a pipe's buffer, a segment; seals add 17 to 32 bytes. */
const BOUNDARIES = [0, 16, 65_536, SEGMENT_BYTES - 32, SEGMENT_BYTES - 16, SEGMENT_BYTES, 2 * SEGMENT_BYTES - 16];
const SIZES = [...new Set(BOUNDARIES.flatMap((each) => [each - 1, each, each + 1]))].filter((each) => each >= 0);
const DATA = compressible(Math.max(...SIZES));

describe.each(KINDS)('$compression, encrypted: $encryption', (settings) => {
  test('what was stored is what comes out, of any size, however it came in and goes out', async () => {
    await using directory = await scratch();
    const size = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...SIZES) }, fc.nat({ max: 200_000 }));
    const chunk = fc.constantFrom(1000, 65_536, SEGMENT_BYTES + 1);
    let round = 0;
    const property = fc.asyncProperty(size, chunk, fc.boolean(), async (bytes, chunkSize, fromProcess) => {
      round += 1;
      const data = DATA.subarray(0, bytes);
      const file = path.join(directory.path, `in${round}`);
      await writeFile(file, data);
      const input = fromProcess ? { command: { file: 'cat', args: [file] } } : { chunks: chunksOf(data, chunkSize) };
      const store = new MemoryStore();
      const sealed = await sealInto(store, input, settings);
      const stored = await store.read(NAME, Infinity, never);
      expect(sealed.artifact).toMatchObject({
        plainBytes: bytes,
        storedBytes: stored.length,
        storedSha256: sha256(stored),
      });
      expect((await store.stat(`${NAME}.tags`, never))?.bytes).toBe(32 * segmentCount(stored.length));
      expect(await integrityErrors(sealed)).toEqual([]);
      expect((await released(sealed)).equals(data)).toBe(true);
      const out = path.join(directory.path, `out${round}`);
      await releaseToFile(sealed, out, processes, never);
      expect((await readFile(out)).equals(data)).toBe(true);
      const printed = await releaseToProcess(sealed, { file: 'sha256sum', args: [] }, processes, never);
      expect(printed.slice(0, 64)).toBe(sha256(data));
    });
    await fc.assert(property, { numRuns: 12, examples: SIZES.map((each) => [each, 65_536, each % 2 === 0]) });
  });
});
