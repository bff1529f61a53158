import { BackupError } from '../../base/errors.ts';

const LIMIT = 64 * 1024 * 1024;

/** Reads chunks that must be few as text. */
export async function collectText(chunks: AsyncIterable<Uint8Array>, what: string): Promise<string> {
  const collected: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > LIMIT) throw new BackupError(`postgres: ${what}: more than ${LIMIT} bytes`, { kind: 'failed' });
    collected.push(chunk);
  }
  return Buffer.concat(collected).toString('utf8');
}
