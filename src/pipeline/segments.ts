import { createHmac } from 'node:crypto';

/** Stored files are authenticated in pieces of this many bytes (4 MiB); only the last may be shorter. */
export const SEGMENT_BYTES = 4 * 1024 * 1024;
export const TAG_BYTES = 32;

/** The tag of one segment, given as the chunks it consists of. */
export function segmentTag(key: Uint8Array, index: number, final: boolean, chunks: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(9);
  header.writeBigUInt64BE(BigInt(index));
  header.writeUInt8(final ? 1 : 0, 8);
  const hmac = createHmac('sha256', key).update('PBS1 segment\n', 'latin1').update(header);
  for (const chunk of chunks) hmac.update(chunk);
  return hmac.digest();
}

/** How many segments a stored file has; a file of no bytes has one. */
export function segmentCount(storedBytes: number): number {
  return Math.max(1, Math.ceil(storedBytes / SEGMENT_BYTES));
}

/** Length of segment `index` of a stored file. */
export function segmentLength(storedBytes: number, index: number): number {
  return Math.min(SEGMENT_BYTES, storedBytes - index * SEGMENT_BYTES);
}
