import { Readable } from 'node:stream';
import { BackupError } from '../../src/base/errors.ts';
import { LocalStore } from '../../src/stores/local.ts';

/** Puts `<bytes>` zeros into the store in `<directory>`; prints the kind of error, or `stored`. */
const [directory = '', bytes = '0'] = process.argv.slice(2);
const chunk = Buffer.alloc(65_536);
const body = () => Readable.from(Array.from({ length: Number(bytes) / chunk.length }, () => chunk));
try {
  await new LocalStore(directory).put('postgres/daily/x', body, {}, new AbortController().signal);
  process.stdout.write('stored');
} catch (error) {
  const known = error instanceof BackupError ? `${error.kind}|${error.hint}` : 'another error';
  process.stdout.write(known);
}
