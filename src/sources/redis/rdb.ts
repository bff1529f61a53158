import { open } from 'node:fs/promises';
import { ProcessFailed } from '../../base/processes.ts';
import { systemCode } from '../../base/errors.ts';
import type { Context } from '../../model/source.ts';

/** Longer than any header with its auxiliary fields. */
const HEADER = 512;

/**
 * The second in which the server forked to write this file (auxiliary field `ctime`), in milliseconds since the
 * epoch; undefined while the file does not hold it yet. Format: `REDIS` and a version, then opcode 0xFA with two
 * strings for each field (src/rdb.h of Redis).
 */
export async function rdbCreated(file: string): Promise<number | undefined> {
  const header = await readHeader(file);
  const name = header.indexOf('\x05ctime', 0, 'latin1');
  if (name === -1) return undefined;
  const at = name + '\x05ctime'.length;
  // 0xC2: a string that is a 32-bit integer, little endian.
  if (header[at] === 0xc2 && header.length >= at + 5) return header.readUInt32LE(at + 1) * 1000;
  const length = header[at] ?? 0;
  const text = header.toString('latin1', at + 1, at + 1 + length);
  return /^\d{10,12}$/.test(text) ? Number(text) * 1000 : undefined;
}

async function readHeader(file: string): Promise<Buffer> {
  try {
    await using handle = await open(file, 'r');
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER), 0, HEADER, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

/** Runs redis-check-rdb, which reads the file whole and compares its checksum. Undefined when it is sound. */
export async function rdbDamage(file: string, { processes, signal }: Context): Promise<string | undefined> {
  try {
    await processes.run({ file: 'redis-check-rdb', args: [file] }, signal);
    return undefined;
  } catch (error) {
    if (!(error instanceof ProcessFailed)) throw error;
    return error.message;
  }
}
