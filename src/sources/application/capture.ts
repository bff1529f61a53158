import { type FileHandle, mkdtemp, open, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { BackupError } from '../../base/errors.ts';
import type { Exit } from '../../base/processes.ts';
import type { Capture } from '../../model/backup.ts';
import type { Facts } from '../../model/facts.ts';
import type { ArtifactSink, Context } from '../../model/source.ts';
import type { Instant } from '../../model/vocabulary.ts';
import { LIST, TAR } from './artifacts.ts';
import { complaintWarnings, parseComplaints } from './complaints.ts';
import { createCommand, KEPT_ERRORS, linksBetween } from './create.ts';
import { type Entry, entryLine, shown, treeName } from './entry.ts';
import { readTar } from './pipe.ts';
import type { ApplicationSettings, Tree } from './settings.ts';
import { Tally } from './tally.ts';
import { TarReader } from './tar-reader.ts';

/**
 * Captures every tree with GNU tar. The list is made from the bytes that were stored, so it says what is in the tar
 * even where the disk changed meanwhile.
 */
export async function captureTrees(
  { paths }: ApplicationSettings,
  sink: ArtifactSink,
  momentFixed: (at: Instant) => void,
  context: Context,
): Promise<Capture> {
  const directory = await mkdtemp(path.join(context.workDir, 'capture-'));
  try {
    const trees = await Promise.all(
      paths.map(async ({ name, path: given }) => ({ name, path: await realpath(given) })),
    );
    const capture = new TreeCapture(trees, path.join(directory, 'files.jsonl'), context);
    context.progress.step('archive');
    const captured = await capture.run(sink, momentFixed);
    await sink.fromProcess(LIST, { file: 'cat', args: [capture.list] });
    return { ...captured, versions: { tar: await tarVersion(context) } };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

class TreeCapture {
  readonly list: string;
  readonly #trees: readonly Tree[];
  readonly #context: Context;
  readonly #tallies: ReadonlyMap<string, Tally>;
  readonly #warnings: string[] = [];
  #lines: string[] = [];
  #changed = false;

  constructor(trees: readonly Tree[], list: string, context: Context) {
    this.list = list;
    this.#trees = trees;
    this.#context = context;
    this.#tallies = new Map(trees.map(({ name }) => [name, new Tally(name)]));
  }

  async run(sink: ArtifactSink, momentFixed: (at: Instant) => void): Promise<Omit<Capture, 'versions'>> {
    const separateLinks = await linksBetween(this.#trees, this.#context);
    if (separateLinks)
      this.#warnings.push('some files have hard links in several trees: all hard links are stored as files');
    const onSuccess = ({ stderr }: Exit): void => this.#complaints(stderr);
    await sink.fromProcess(TAR, createCommand(this.#trees, { separateLinks, onSuccess }));
    momentFixed(new Date().toISOString());
    this.#context.progress.step('hash files');
    await this.#listFiles(sink);
    this.#assertRoots();
    const facts = Object.assign({}, ...[...this.#tallies.values()].map((tally) => tally.facts())) as Facts;
    return { facts, consistency: this.#changed ? 'fuzzy' : 'consistent', warnings: this.#warnings };
  }

  /** From the stored bytes: what is listed is what a restore will find. */
  async #listFiles(sink: ArtifactSink): Promise<void> {
    const reader = new TarReader({ ended: (entry) => this.#entry(entry) });
    await using list = await open(this.list, 'wx', 0o600);
    await readTar(
      sink,
      async (bytes) => {
        reader.push(bytes);
        await this.#writeLines(list, ENOUGH_LINES);
      },
      this.#context,
    );
    reader.finish();
    await this.#writeLines(list, 1);
  }

  #entry(entry: Entry): void {
    this.#assertRestorable(entry);
    const line = entryLine(entry);
    this.#tallies.get(treeName(entry))?.add(entry, line);
    this.#lines.push(line);
    if (entry.type === 'device') this.#warnings.push(`${shown(entry.path)} is a device: only root can make it again`);
  }

  /** tar reaches files that no path can name; nothing could put them back. */
  #assertRestorable(entry: Entry): void {
    const tree = this.#trees.find(({ name }) => name === treeName(entry));
    if (Buffer.byteLength(tree?.path ?? '') + LONGEST_CONTAINER + entry.path.length <= LONGEST_PATH) return;
    const start = shown(entry.path.subarray(0, 100));
    throw new BackupError(`${start}... lies too deep: its path of ${entry.path.length} bytes could not be restored`, {
      kind: 'failed',
      hint: 'move it up, or remove it; its directories can be entered one by one (cd)',
    });
  }

  /** A directory that could not be read at all is no empty one. */
  #assertRoots(): void {
    for (const { name, path: directory } of this.#trees) {
      if (this.#tallies.get(name)?.isEmpty !== true) continue;
      throw new BackupError(`${directory} (${name}) could not be read`, {
        kind: 'denied',
        hint: 'give the user of the backup (uid 1000 in the containers) the right to read it',
      });
    }
  }

  async #writeLines(list: FileHandle, enough: number): Promise<void> {
    if (this.#lines.length < enough) return;
    await list.appendFile(`${this.#lines.join('\n')}\n`);
    this.#lines = [];
  }

  #complaints(stderr: string): void {
    const complaints = parseComplaints(stderr, this.#trees);
    this.#changed = complaints.changed.length > 0;
    this.#warnings.push(...complaintWarnings(complaints));
    if (stderr.length >= KEPT_ERRORS) this.#warnings.push('more files were complained about than can be named');
  }
}

const ENOUGH_LINES = 500;

/** Bytes of a path (PATH_MAX of Linux, less its NUL), and of what a restore puts into it (place.ts). */
const LONGEST_PATH = 4095;
const LONGEST_CONTAINER = 50;

/** Fails with kind `missing-tool` where tar is not GNU's. */
export async function tarVersion({ processes, signal }: Context): Promise<string> {
  const { stdout } = await processes.run({ file: 'tar', args: ['--version'] }, signal);
  const version = /^tar \(GNU tar\) (\S+)/.exec(stdout)?.[1];
  if (version !== undefined) return version;
  throw new BackupError('the tar of this machine is not GNU tar', { kind: 'missing-tool', hint: 'install GNU tar' });
}
