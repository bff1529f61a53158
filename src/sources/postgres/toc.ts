import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { BackupError, throwIfAborted } from '../../base/errors.ts';
import { ProcessFailed } from '../../base/processes.ts';
import type { Context, ReadableBackup } from '../../model/source.ts';
import { DUMP, dumpBytes } from './artifacts.ts';

const FIRST_ATTEMPT = 1024 * 1024;

/** The beginning of a dump, with its whole table of contents: enough for `pg_restore --list` and for what has no data. */
export interface ContentsFile extends AsyncDisposable {
  readonly file: string;
}

/**
 * Writes as much of the dump as its table of contents takes. Where that ends only pg_restore knows: it is asked after
 * the first megabyte, and whenever twice as much was read.
 */
export async function extractContents(backup: ReadableBackup, context: Context): Promise<ContentsFile> {
  const file = path.join(context.workDir, 'postgres.contents');
  const dispose = (): Promise<void> => rm(file, { force: true });
  try {
    await writeContents(backup, file, context);
    return { file, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function writeContents(backup: ReadableBackup, file: string, context: Context): Promise<void> {
  const total = dumpBytes(backup);
  await using output = await open(file, 'w', 0o600);
  let written = 0;
  let enough = FIRST_ATTEMPT;
  for await (const chunk of backup.chunks(DUMP)) {
    throwIfAborted(context.signal);
    await output.writeFile(chunk);
    written += chunk.length;
    if (written < enough || written >= total) continue;
    if (await canBeListed(file, context)) return;
    enough = written * 2;
  }
}

async function canBeListed(file: string, context: Context): Promise<boolean> {
  try {
    await countEntries(file, context);
    return true;
  } catch (error) {
    if (error instanceof ProcessFailed) return false;
    throw error;
  }
}

/** How many entries of each kind the table of contents has, e.g. `TABLE DATA`. Its lines are read as they come. */
export async function countEntries(file: string, { processes, signal }: Context): Promise<Map<string, number>> {
  const child = processes.start(
    { file: 'pg_restore', args: ['--list', file], env: { LC_ALL: 'C.UTF-8' } },
    { stdout: 'pipe' },
    signal,
  );
  if (child.stdout === null) throw new BackupError('postgres: pg_restore has no output', { kind: 'failed' });
  const counts = new Map<string, number>();
  for await (const line of createInterface({ input: child.stdout })) {
    const kind = ENTRY.exec(line)?.[1];
    if (kind !== undefined) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  await child.ended;
  return counts;
}

/** `3456; 1259 16390 TABLE DATA public users owner`: the kind is what is written in capitals. */
const ENTRY = /^\d+; \d+ \d+ ([A-Z]+(?: [A-Z]+)*) /;
