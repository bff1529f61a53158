import { BackupError } from '../base/errors.ts';

const NEWLINE = 0x0a;

/**
 * The JSON values of a stream, one a line. Bytes are looked at once, so that long lines cost no more than short ones.
 * A last line without its end is left out: its writer died. Fails with kind `failed` on what is no JSON.
 */
export async function* jsonLines(stream: AsyncIterable<unknown>): AsyncGenerator {
  let begun: Buffer[] = [];
  for await (const chunk of stream) {
    let rest = chunk as Buffer;
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      yield parse(Buffer.concat([...begun, rest.subarray(0, end)]));
      begun = [];
      rest = rest.subarray(end + 1);
    }
    if (rest.length > 0) begun.push(rest);
  }
}

export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

function parse(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'));
  } catch (cause) {
    throw new BackupError('a line that is no JSON came over the socket', { kind: 'failed', cause });
  }
}
