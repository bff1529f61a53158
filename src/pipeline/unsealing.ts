import { createDecipheriv, createHash, timingSafeEqual } from 'node:crypto';
import type { Readable } from 'node:stream';
import { giveBack } from '../base/buffers.ts';
import { BackupError, reason } from '../base/errors.ts';
import type { Artifact } from '../model/backup.ts';
import { ByteReader } from './byte-reader.ts';
import { cipherKey, type SealKeys } from './keys.ts';
import { SEGMENT_BYTES, segmentCount, segmentLength, segmentTag, TAG_BYTES } from './segments.ts';

/** A stored artifact and what is needed to authenticate and open it. */
export interface SealedArtifact {
  readonly artifact: Artifact;
  readonly keys: SealKeys;
  /** Its chunks are the reader's, to use up. */
  readonly body: () => Promise<Readable>;
  readonly tags: () => Promise<Readable>;
  /** Told the stored bytes read so far, once per segment. */
  readonly onBytes?: (stored: number) => void;
}

/**
 * The stored bytes, a segment at a time, each released only after its tag matched. The last is released only after
 * the file has been seen to end where its manifest says. Fails with kind `damaged`, naming file and segment.
 */
export async function* authenticated(sealed: SealedArtifact): AsyncGenerator<readonly Buffer[]> {
  const { name, storedBytes } = sealed.artifact;
  const body = await sealed.body();
  const tagStream = await sealed.tags();
  const bytes = new ByteReader(body);
  const tags = new ByteReader(tagStream);
  try {
    const count = segmentCount(storedBytes);
    for (let index = 0; index < count; index += 1) {
      const chunks = await bytes.take(segmentLength(storedBytes, index));
      const tag = Buffer.concat(await tags.take(TAG_BYTES));
      const final = index === count - 1;
      const expected = segmentTag(sealed.keys.authentication, index, final, chunks);
      if (tag.length !== TAG_BYTES || !timingSafeEqual(tag, expected)) throw damagedSegment(name, index, count);
      if (final) await expectEnd(bytes, tags, name, count);
      sealed.onBytes?.(Math.min((index + 1) * SEGMENT_BYTES, storedBytes));
      yield chunks;
    }
  } finally {
    body.destroy();
    tagStream.destroy();
  }
}

/** The bytes as they were before the seal; still compressed where that is a stage. */
export async function* unsealed(sealed: SealedArtifact): AsyncGenerator<Buffer> {
  const open = sealed.artifact.stages.includes('enc') ? decrypted(sealed) : plain(sealed);
  yield* open;
}

/** What is wrong with the stored bytes of an artifact; [] when tags, size and hash are all as its manifest says. */
export async function integrityErrors(sealed: SealedArtifact): Promise<string[]> {
  const hash = createHash('sha256');
  try {
    for await (const chunks of authenticated(sealed)) for (const chunk of chunks) hash.update(chunk);
  } catch (error) {
    if (error instanceof BackupError && (error.kind === 'damaged' || error.kind === 'not-found'))
      return [reason(error)];
    throw error;
  }
  if (hash.digest('hex') === sealed.artifact.storedSha256) return [];
  return [`${sealed.artifact.name}: the hash of the file is not that of its manifest`];
}

async function* plain(sealed: SealedArtifact): AsyncGenerator<Buffer> {
  for await (const chunks of authenticated(sealed)) yield* chunks;
}

const HEADER_BYTES = 16;

async function* decrypted(sealed: SealedArtifact): AsyncGenerator<Buffer> {
  let decipher: ReturnType<typeof createDecipheriv> | undefined;
  for await (const chunks of authenticated(sealed)) {
    let rest = chunks;
    if (decipher === undefined) {
      const [header, after] = cut(chunks, HEADER_BYTES);
      const { key, iv } = cipherKey(sealed.keys.encryption, header.subarray(8));
      decipher = createDecipheriv('aes-256-cbc', key, iv);
      rest = after;
    }
    for (const chunk of rest) {
      const opened = decipher.update(chunk);
      giveBack(chunk);
      if (opened.length > 0) yield opened;
    }
  }
  yield ending(decipher, sealed.artifact.name);
}

/** The padding, looked at only now: everything was authenticated, so a wrong one was sealed wrongly. */
function ending(decipher: ReturnType<typeof createDecipheriv> | undefined, name: string): Buffer {
  try {
    return decipher?.final() ?? Buffer.alloc(0);
  } catch (cause) {
    throw new BackupError(`${name} is damaged: it was not sealed whole`, { kind: 'damaged', cause });
  }
}

function cut(chunks: readonly Buffer[], length: number): [Buffer, Buffer[]] {
  const [first = Buffer.alloc(0), ...others] = chunks;
  if (first.length < length && others.length > 0) return cut([Buffer.concat(chunks)], length);
  return [first.subarray(0, length), [first.subarray(length), ...others]];
}

async function expectEnd(bytes: ByteReader, tags: ByteReader, name: string, count: number): Promise<void> {
  if (await bytes.ended()) {
    if (await tags.ended()) return;
    throw damaged(`${name}.tags is damaged: it goes on after the tag of segment ${count} of ${count}`);
  }
  throw damaged(`${name} is damaged: it goes on after segment ${count} of ${count}`);
}

function damagedSegment(name: string, index: number, count: number): BackupError {
  return damaged(`${name} is damaged: segment ${index + 1} of ${count} is not what was stored`);
}

function damaged(message: string): BackupError {
  return new BackupError(message, {
    kind: 'damaged',
    hint: 'choose another backup, or restore this one from a replica',
  });
}
