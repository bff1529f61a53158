import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { SealSettings } from '../../src/pipeline/compression.ts';
import { releasedChunks, releaseToFile, releaseToProcess } from '../../src/pipeline/release.ts';
import { SEGMENT_BYTES } from '../../src/pipeline/segments.ts';
import { integrityErrors, type SealedArtifact, unsealed } from '../../src/pipeline/unsealing.ts';
import { MemoryStore } from '../../src/stores/memory.ts';
import { chunksOf, compressible, failure, never, PLAIN, processes, scratch } from '../support/repository.ts';
import { NAME, openFrom, sealInto } from '../support/sealed.ts';

const SEALED: SealSettings = { ...PLAIN, encryption: true };
const DATA = compressible(2 * SEGMENT_BYTES + 1000);
const TAGS = `${NAME}.tags`;

let store: MemoryStore;
let sealed: SealedArtifact;
let file: Buffer;
let tags: Buffer;

beforeAll(async () => {
  store = new MemoryStore();
  sealed = await sealInto(store, { chunks: chunksOf(DATA) }, SEALED);
  file = await store.read(NAME, Infinity, never);
  tags = await store.read(TAGS, Infinity, never);
});

/** The artifact with other bytes in its place. */
async function withBytes(body: Buffer, otherTags: Buffer = tags): Promise<SealedArtifact> {
  const other = new MemoryStore();
  await other.put(NAME, () => Readable.from([body]), {}, never);
  await other.put(TAGS, () => Readable.from([otherTags]), {}, never);
  return openFrom(other, sealed);
}

/** Plaintext released before the damage was met, and the error. */
async function releasedBefore(damaged: SealedArtifact): Promise<{ plain: Buffer; message: string; kind: string }> {
  const chunks: Buffer[] = [];
  const reading = (async () => {
    for await (const chunk of unsealed(damaged)) chunks.push(chunk);
  })();
  const { message, kind } = await failure(reading);
  return { plain: Buffer.concat(chunks), message, kind };
}

async function expectFound(damaged: SealedArtifact, segment: number): Promise<void> {
  const errors = await integrityErrors(damaged);
  expect(errors).toHaveLength(1);
  const { plain, message, kind } = await releasedBefore(damaged);
  expect(kind).toBe('damaged');
  expect(message).toContain(NAME);
  expect(message).toContain(`segment ${segment + 1} of 3`);
  // nothing of the damaged segment, or after it, came out
  expect(plain.length).toBeLessThanOrEqual(segment * SEGMENT_BYTES);
  expect(plain.equals(DATA.subarray(0, plain.length))).toBe(true);
}

test('healthy data passes', async () => {
  const healthy = await withBytes(file);
  expect(await integrityErrors(healthy)).toEqual([]);
  const chunks = await Array.fromAsync(unsealed(healthy));
  expect(Buffer.concat(chunks).equals(DATA)).toBe(true);
});

test('a flipped bit anywhere is found, in its segment', async () => {
  const property = fc.asyncProperty(fc.nat({ max: file.length - 1 }), fc.nat({ max: 7 }), async (offset, bit) => {
    await expectFound(await withBytes(flipped(file, offset, bit)), Math.floor(offset / SEGMENT_BYTES));
  });
  const ends = [0, 7, 8, 15, 16, SEGMENT_BYTES - 1, SEGMENT_BYTES, file.length - 1];
  await fc.assert(property, { numRuns: 25, examples: ends.map((each) => [each, 0]) });
});

test('a flipped bit anywhere in the tags is found', async () => {
  const property = fc.asyncProperty(fc.nat({ max: tags.length - 1 }), fc.nat({ max: 7 }), async (offset, bit) => {
    await expectFound(await withBytes(file, flipped(tags, offset, bit)), Math.floor(offset / 32));
  });
  await fc.assert(property, { numRuns: 25 });
});

test('a file cut anywhere is found, also at a segment, with its tags cut to fit', async () => {
  const property = fc.asyncProperty(fc.nat({ max: file.length - 1 }), fc.boolean(), async (length, cutTags) => {
    const segment = Math.floor(length / SEGMENT_BYTES);
    const kept = tags.subarray(0, 32 * Math.ceil(length / SEGMENT_BYTES));
    await expectFound(await withBytes(file.subarray(0, length), cutTags ? kept : tags), segment);
  });
  const ends = [0, 1, 16, SEGMENT_BYTES - 1, SEGMENT_BYTES, 2 * SEGMENT_BYTES, file.length - 1, file.length - 16];
  await fc.assert(property, {
    numRuns: 20,
    examples: ends.flatMap((each) => [[each, true] as const, [each, false] as const]),
  });
});

describe('exchanged', () => {
  test.each([1, 16, 1000, SEGMENT_BYTES])(
    'a file extended by %i bytes is found before its last segment',
    async (more) => {
      await expectFound(await withBytes(Buffer.concat([file, Buffer.alloc(more)])), 2);
    },
  );

  test('tags that go on are found', async () => {
    await expectFound(await withBytes(file, Buffer.concat([tags, tags.subarray(0, 32)])), 2);
  });

  test('segments in another order, with their tags, are found', async () => {
    const [first, second, last] = [0, 1, 2].map((n) => file.subarray(n * SEGMENT_BYTES, (n + 1) * SEGMENT_BYTES));
    const [a, b, c] = [0, 1, 2].map((n) => tags.subarray(n * 32, (n + 1) * 32));
    await expectFound(await withBytes(parts([second, first, last]), parts([b, a, c])), 0);
    await expectFound(await withBytes(parts([first, first, last]), parts([a, a, c])), 1);
  });

  test('another artifact of the same size under this name is found', async () => {
    const other = new MemoryStore();
    await sealInto(other, { chunks: chunksOf(DATA) }, SEALED);
    await expectFound(openFrom(other, sealed), 0);
  });

  test('plaintext put in the place of an encrypted file is found', async () => {
    const other = new MemoryStore();
    await sealInto(other, { chunks: chunksOf(DATA) }, PLAIN);
    await expectFound(openFrom(other, sealed), 0);
  });

  test('an unencrypted artifact is authenticated as well', async () => {
    const other = new MemoryStore();
    const plain = await sealInto(other, { chunks: chunksOf(DATA) }, PLAIN);
    const bytes = await other.read(NAME, Infinity, never);
    await other.put(NAME, () => Readable.from([flipped(bytes, SEGMENT_BYTES + 5, 3)]), {}, never);
    const { plain: out, kind } = await releasedBefore(plain);
    expect(kind).toBe('damaged');
    expect(out).toHaveLength(SEGMENT_BYTES);
  });
});

test('of a damaged artifact no file is left, no process succeeds, no chunk comes after the damage', async () => {
  const zstd = new MemoryStore();
  const settings: SealSettings = { compression: 'zstd', level: 1, threads: 1, encryption: true };
  const artifact = await sealInto(zstd, { chunks: chunksOf(compressible(3 * SEGMENT_BYTES)) }, settings);
  const bytes = await zstd.read(NAME, Infinity, never);
  await zstd.put(NAME, () => Readable.from([flipped(bytes, bytes.length - 1, 0)]), {}, never);
  await using directory = await scratch();
  const target = path.join(directory.path, 'out');
  expect((await failure(releaseToFile(artifact, target, processes, never))).kind).toBe('damaged');
  expect(await readdir(directory.path)).toEqual([]);
  const consumed = releaseToProcess(artifact, { file: 'cat', args: [] }, processes, never);
  expect((await failure(consumed)).kind).toBe('damaged');
  const chunks = Array.fromAsync(releasedChunks(artifact, processes, never));
  expect((await failure(chunks)).kind).toBe('damaged');
});

function parts(given: readonly (Buffer | undefined)[]): Buffer {
  return Buffer.concat(given.filter((each) => each !== undefined));
}

function flipped(bytes: Buffer, offset: number, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(offset) ^ (1 << bit), offset);
  return copy;
}
