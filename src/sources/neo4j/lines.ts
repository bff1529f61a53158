import { BackupError } from '../../base/errors.ts';

/** The lines of a text that comes in chunks, without their ends, as many at a time as come. Not UTF-8 is damage. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string[], void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decode(decoder, chunk)).split('\n');
    rest = lines.pop() ?? '';
    yield lines;
  }
  rest += decode(decoder);
  if (rest !== '') yield [rest];
}

function decode(decoder: TextDecoder, chunk?: Uint8Array): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch (cause) {
    throw new BackupError('the script is damaged: it is not UTF-8', { kind: 'damaged', cause });
  }
}
