import { createWriteStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { throwIfAborted } from '../../base/errors.ts';
import { ProcessFailed } from '../../base/processes.ts';
import type { Context, ReadableBackup } from '../../model/source.ts';
import { DUMP, dumpBytes } from './artifacts.ts';

const FIRST_ATTEMPT = 1024 * 1024;

/** The beginning of a dump, with its whole table of contents: enough for `pg_restore --list` and for what has no data. */
export interface Contents {
  readonly file: string;
  readonly passes: readonly Pass[];
}

/**
 * Writes as much of the dump as its table of contents takes. Where that ends only pg_restore knows: it is asked after
 * the first megabyte, and whenever twice as much was read.
 */
export async function extractContents(backup: ReadableBackup, context: Context): Promise<Contents & AsyncDisposable> {
  const file = path.join(context.workDir, 'postgres.contents');
  const dispose = (): Promise<void> => rm(file, { force: true });
  try {
    await writeContents(backup, file, context);
    return { file, passes: await passesOf(file, context), [Symbol.asyncDispose]: dispose };
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

/** How many entries of each kind the table of contents has, e.g. `TABLE DATA`. */
export async function countEntries(file: string, context: Context): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for await (const { kind } of entries(file, context)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** Part of a dump: a list for `pg_restore --use-list`, and whether its entries may be restored at the same time. */
export interface Pass {
  /** Undefined for everything. */
  readonly list: string | undefined;
  readonly parallel: boolean;
}

/**
 * Everything at once, but for what needs a pass of its own. The attaching of partitions' indexes: pg_restore knows of no
 * tables that an ATTACH locks, so in parallel with another statement it may end in a deadlock. Event triggers: they come
 * last, for one that refuses DDL would refuse the rest of the restore (pg_restore refreshes materialized views later).
 */
export async function passesOf(file: string, context: Context): Promise<readonly Pass[]> {
  const { first, last, events } = await survey(file, context);
  if (first === undefined && !events) return [{ list: undefined, parallel: true }];
  const attach = first ?? Infinity; // then two of the lists are empty
  const parts: readonly (readonly [string, boolean, (entry: Entry) => boolean])[] = [
    ['before', true, ({ index }) => index < attach],
    ['attach', false, ({ index }) => index >= attach && index <= last],
    ['after', true, ({ index }) => index > attach && index > last],
    ['events', false, isEventTrigger],
  ];
  const written: Pass[] = [];
  for (const [name, parallel, belongs] of parts) {
    const list = path.join(context.workDir, `postgres.${name}.list`);
    const own = (entry: Entry): boolean => belongs(entry) && (belongs === isEventTrigger || !isEventTrigger(entry));
    await pipeline(Readable.from(linesOf(file, own, context)), createWriteStream(list, { mode: 0o600 }));
    written.push({ list, parallel });
  }
  return written;
}

/** Where partitions' indexes are attached, if any are, and whether there are event triggers. */
async function survey(
  file: string,
  context: Context,
): Promise<{ first: number | undefined; last: number; events: boolean }> {
  let first: number | undefined;
  let last = 0;
  let events = false;
  for await (const entry of entries(file, context)) {
    events ||= isEventTrigger(entry);
    if (entry.kind !== 'INDEX ATTACH') continue;
    first ??= entry.index;
    last = entry.index;
  }
  return { first, last, events };
}

/** One, or a comment on one. */
function isEventTrigger({ kind, line }: Entry): boolean {
  return kind === 'EVENT TRIGGER' || (kind === 'COMMENT' && line.includes(' COMMENT - EVENT TRIGGER '));
}

async function* linesOf(file: string, belongs: (entry: Entry) => boolean, context: Context): AsyncGenerator<string> {
  for await (const entry of entries(file, context)) if (belongs(entry)) yield `${entry.line}\n`;
}

interface Entry {
  readonly index: number;
  readonly kind: string;
  readonly line: string;
}

/** `3456; 1259 16390 TABLE DATA public users owner`: the kind is what is written in capitals. */
const ENTRY = /^\d+; \d+ \d+ ([A-Z]+(?: [A-Z]+)*) /;

/** The table of contents, line by line: with many large objects it is long. */
async function* entries(file: string, { processes, signal }: Context): AsyncGenerator<Entry> {
  const command = { file: 'pg_restore', args: ['--list', file], env: { LC_ALL: 'C.UTF-8' } };
  const child = processes.start(command, { stdout: 'pipe' }, signal);
  let index = 0;
  for await (const line of createInterface({ input: child.stdout ?? Readable.from([]) })) {
    const kind = ENTRY.exec(line)?.[1];
    if (kind !== undefined) yield { index: index++, kind, line };
  }
  await child.ended;
}
