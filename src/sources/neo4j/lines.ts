import { BackupError } from '../../base/errors.ts';

/** The lines of a text that comes in chunks, without their ends, as many at a time as come. Not UTF-8 is damage. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string[], void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let begun: string[] = []; // of the line that goes on: joined once, for it may be a hundred megabytes long
  for await (const chunk of chunks) {
    const [end = '', ...lines] = decode(decoder, chunk).split('\n');
    begun.push(end);
    const rest = lines.pop();
    if (rest === undefined) continue;
    yield [begun.join(''), ...lines];
    begun = [rest];
  }
  const last = begun.join('') + decode(decoder);
  if (last !== '') yield [last];
}

function decode(decoder: TextDecoder, chunk?: Uint8Array): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch (cause) {
    throw new BackupError('the script is damaged: it is not UTF-8', { kind: 'damaged', cause });
  }
}
