import type { Writable } from 'node:stream';

/**
 * Writes chunks to a child's standard input, at the pace at which it reads. Resolves false when the child closed it
 * before the end: its exit code tells whether that was right.
 */
export async function feed(into: Writable, chunks: AsyncIterable<Uint8Array>): Promise<boolean> {
  into.on('error', () => undefined); // EPIPE
  for await (const chunk of chunks) {
    if (into.destroyed) return false;
    if (!into.write(chunk)) await drained(into);
  }
  if (into.destroyed) return false;
  into.end();
  return true;
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    if (stream.destroyed) resolve();
    else stream.on('drain', done).on('close', done);
  });
}
