import type { Readable } from 'node:stream';
import { abortError } from '../base/errors.ts';

/**
 * The stream, ended by the signal with the reason of it: Node's own `signal` option would end it with an AbortError,
 * which nobody takes for what it is. Before anyone reads, nobody is told; whoever reads then sees it.
 */
export function endedBy(signal: AbortSignal, stream: Readable): Readable {
  const abort = (): void => void stream.destroy(abortError(signal));
  stream.on('error', () => undefined);
  stream.once('close', () => signal.removeEventListener('abort', abort));
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return stream;
}
