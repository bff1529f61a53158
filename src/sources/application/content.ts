import { readTar } from './pipe.ts';
import { BackupError } from '../../base/errors.ts';
import { compareFacts, type Facts } from '../../model/facts.ts';
import type { ContentReport, Context, ReadableBackup } from '../../model/source.ts';
import { LIST } from './artifacts.ts';
import { type Entry, entryLine, treeName } from './entry.ts';
import { Tally } from './tally.ts';
import { TarReader } from './tar-reader.ts';

/** Reads the whole tar, hashes every file in it, and compares each entry with the list and all with the facts. */
export async function checkTreeContent(backup: ReadableBackup, context: Context): Promise<ContentReport> {
  try {
    const facts = await readAndCompare(backup, context);
    const differences = compareFacts(backup.facts, facts);
    return {
      errors: differences.map(({ name, expected, actual }) => `${name}: ${expected} captured, ${actual} in the tar`),
      warnings: [],
    };
  } catch (error) {
    if (!(error instanceof BackupError) || error.kind !== 'damaged') throw error;
    return { errors: [error.message], warnings: [] };
  }
}

async function readAndCompare(backup: ReadableBackup, context: Context): Promise<Facts> {
  const tallies = new Map<string, Tally>();
  const found: Entry[] = [];
  const reader = new TarReader({ ended: (entry) => void found.push(entry) });
  const lines = linesOf(backup.chunks(LIST));
  let done = 0;
  await readTar(
    backup,
    async (bytes) => {
      reader.push(bytes);
      for (const entry of found.splice(0)) await compareEntry(entry, lines, tallies);
      context.progress.bytes((done += bytes.length));
    },
    context,
  );
  reader.finish();
  const more = await lines.next();
  if (more.done !== true) throw damaged(`the list has an entry that the tar lacks: ${more.value}`);
  return Object.assign({}, ...[...tallies.values()].map((tally) => tally.facts())) as Facts;
}

async function compareEntry(entry: Entry, lines: AsyncIterator<string>, tallies: Map<string, Tally>): Promise<void> {
  const line = entryLine(entry);
  const listed = await lines.next();
  if (listed.done === true) throw damaged(`the tar has an entry that the list lacks: ${line}`);
  if (listed.value !== line) throw damaged(`the tar holds ${line}, the list says ${listed.value}`);
  const name = treeName(entry);
  const tally = tallies.get(name) ?? new Tally(name);
  tallies.set(name, tally);
  tally.add(entry, line);
}

/** Lines without their ends; the text after the last end too, if there is any. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: false });
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

function damaged(message: string): BackupError {
  return new BackupError(message, { kind: 'damaged' });
}
