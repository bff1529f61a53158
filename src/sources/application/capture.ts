import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import type { Writable } from 'node:stream';
import { BackupError } from '../../base/errors.ts';
import type { Command } from '../../base/processes.ts';
import type { Capture } from '../../model/backup.ts';
import type { Facts } from '../../model/facts.ts';
import type { ArtifactSink, Context } from '../../model/source.ts';
import type { Instant } from '../../model/vocabulary.ts';
import { complaintWarnings, parseComplaints } from './complaints.ts';
import { type Entry, entryLine, shown } from './entry.ts';
import type { ApplicationSettings, Tree } from './settings.ts';
import { Tally } from './tally.ts';
import { BLOCK } from './tar-header.ts';
import { TarReader } from './tar-reader.ts';
import { CONTAINER_PREFIX } from './walk.ts';

/** The artifacts of a backup: the trees one after the other, and a line of JSON for each of their entries. */
export const TAR = { extension: 'tar' } as const;
export const LIST = { role: 'files', extension: 'jsonl' } as const;

/**
 * Captures every tree with GNU tar. The list is made of the very bytes that are stored, as they pass, so it says what
 * is in the tar even where the disk changed meanwhile.
 */
export async function captureTrees(
  settings: ApplicationSettings,
  sink: ArtifactSink,
  momentFixed: (at: Instant) => void,
  context: Context,
): Promise<Capture> {
  const directory = await mkdtemp(path.join(context.workDir, 'capture-'));
  try {
    const list = path.join(directory, 'files.jsonl');
    const lines = createWriteStream(list, { flags: 'wx', mode: 0o600 });
    const capture = new TreeCapture(lines, context);
    context.progress.step('archive and hash files');
    await sink.fromChunks(TAR, capture.archive(settings.paths));
    momentFixed(new Date().toISOString());
    lines.end();
    await finished(lines);
    await sink.fromProcess(LIST, { file: 'cat', args: [list] });
    return { ...capture.result(), versions: { tar: await tarVersion(context) } };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

class TreeCapture {
  readonly #lines: Writable;
  readonly #context: Context;
  readonly #warnings: string[] = [];
  #facts: Facts = {};
  #changed = false;
  #bytes = 0;

  constructor(lines: Writable, context: Context) {
    this.#lines = lines;
    this.#context = context;
  }

  result(): Omit<Capture, 'versions'> {
    const consistency = this.#changed ? 'fuzzy' : 'consistent';
    return { facts: this.#facts, consistency, warnings: this.#warnings };
  }

  /** One archive of all trees: each one's tar without its end mark, then one mark. */
  async *archive(trees: readonly Tree[]): AsyncGenerator<Uint8Array> {
    for (const tree of trees) yield* this.#tree(tree);
    yield Buffer.alloc(2 * BLOCK);
  }

  async *#tree(tree: Tree): AsyncGenerator<Uint8Array> {
    const tally = new Tally(tree.name);
    const reader = new TarReader({ ended: (entry) => this.#entry(entry, tally) });
    const { processes, signal } = this.#context;
    const tar = processes.start(createCommand(tree), { stdout: 'pipe' }, signal);
    let whole = false;
    try {
      yield* this.#pass(tar.stdout ?? [], reader);
      whole = true;
    } finally {
      if (!whole) tar.stop(); // whoever takes the archive gave up
    }
    const { stderr } = await tar.ended;
    reader.finish();
    this.#complaints(stderr, tree);
    this.#facts = { ...this.#facts, ...tally.facts() };
  }

  /** The bytes as they come, up to the end mark. */
  async *#pass(chunks: AsyncIterable<unknown> | Iterable<unknown>, reader: TarReader): AsyncGenerator<Uint8Array> {
    let read = 0;
    for await (const chunk of chunks) {
      const bytes = chunk as Buffer;
      reader.push(bytes);
      const wanted = (reader.endOffset ?? Infinity) - read;
      read += bytes.length;
      if (wanted > 0) yield bytes.subarray(0, Math.min(bytes.length, wanted));
      this.#context.progress.bytes((this.#bytes += bytes.length));
      if (this.#lines.writableNeedDrain) await drained(this.#lines);
    }
  }

  #entry(entry: Entry, tally: Tally): void {
    const line = entryLine(entry);
    tally.add(entry, line);
    this.#lines.write(`${line}\n`);
    if (entry.type === 'fifo' || entry.type === 'device')
      this.#warnings.push(`${shown(entry.path)} is a ${entry.type}`);
  }

  #complaints(stderr: string, { name }: Tree): void {
    const complaints = parseComplaints(stderr, name);
    this.#changed ||= complaints.changed.length > 0;
    this.#warnings.push(...complaintWarnings(complaints));
    if (stderr.length >= KEPT_ERRORS)
      this.#warnings.push(`${name}: more files were complained about than can be named`);
  }
}

const KEPT_ERRORS = 1024 * 1024;

/** Exit code 1: some files changed. The tree's name takes the place of the leading dot, in symbolic links it does not. */
function createCommand({ name, path: directory }: Tree): Command {
  return {
    file: 'tar',
    args: [
      '--create',
      '--file=-',
      '--format=posix',
      '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime',
      '--sparse',
      '--xattrs',
      '--acls',
      '--numeric-owner',
      '--sort=name',
      '--quoting-style=escape',
      '--ignore-failed-read',
      '--anchored',
      `--exclude=./${CONTAINER_PREFIX}*`,
      `--transform=flags=rSh;s,^[.],${name},`,
      `--directory=${directory}`,
      '.',
    ],
    env: { LC_ALL: 'C' },
    okCodes: [0, 1],
    keptErrors: KEPT_ERRORS,
  };
}

function drained(stream: Writable): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  stream.once('drain', resolve).once('error', reject);
  return promise;
}

/** Fails with kind `missing-tool` where tar is not GNU's. */
export async function tarVersion({ processes, signal }: Context): Promise<string> {
  const { stdout } = await processes.run({ file: 'tar', args: ['--version'] }, signal);
  const version = /^tar \(GNU tar\) (\S+)/.exec(stdout)?.[1];
  if (version !== undefined) return version;
  throw new BackupError('the tar of this machine is not GNU tar', { kind: 'missing-tool', hint: 'install GNU tar' });
}
