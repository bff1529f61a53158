import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { systemCode, throwIfAborted } from '../base/errors.ts';
import { Turns } from '../base/turns.ts';
import type { Changes, Version, Watch } from '../model/store.ts';
import { isTemporaryKey, versionOf } from './local-files.ts';

/** One directory as it was last seen. */
interface Seen {
  /** Of the directory; undefined where it was written just before: names may be added without another time of change. */
  readonly version: string | undefined;
  readonly directories: readonly string[];
  readonly files: readonly string[];
  /** Inode, time of change and size of each file, three numbers each: a hundred thousand of them take 5 MB. */
  readonly figures: Float64Array;
}

/** Longer than the clock of any file system stands still. */
const SETTLED_MILLISECONDS = 2000;
const FIGURES = 3;

/**
 * Looks at a directory again without reading more of it than has changed: names are read where a directory was written,
 * and of every file what it is is compared as numbers. Synchronous inside, in turns.
 */
export class LocalWatch implements Watch {
  readonly #root: string;
  readonly #prefix: string;
  readonly #wanted: (key: string) => boolean;
  #seen = new Map<string, Seen>();

  /** `root` and `prefix` end in a slash. */
  constructor(root: string, prefix: string, wanted: (key: string) => boolean) {
    this.#root = root;
    this.#prefix = prefix;
    this.#wanted = wanted;
  }

  async look(signal: AbortSignal): Promise<Changes> {
    const now = new Map<string, Seen>();
    const written = new Map<string, Version>();
    const gone: string[] = [];
    const turns = new Turns();
    const open = [this.#prefix];
    for (let directory = open.pop(); directory !== undefined; directory = open.pop()) {
      const before = this.#seen.get(directory);
      const seen = this.#names(directory, before);
      if (seen === undefined) continue;
      now.set(directory, seen);
      open.push(...seen.directories.map((name) => `${directory}${name}/`));
      for (let at = 0; at < seen.files.length; at += 1) {
        if (turns.due) await turns.give();
        throwIfAborted(signal);
        this.#compare(directory, at, seen, written, gone);
      }
      if (before !== undefined && before !== seen) gone.push(...without(before, seen, directory));
    }
    for (const [directory, { files }] of this.#seen)
      if (!now.has(directory)) gone.push(...files.map((name) => directory + name));
    this.#seen = now;
    return { written, gone };
  }

  /** As before where the directory was not written since; undefined where there is none. */
  #names(directory: string, before: Seen | undefined): Seen | undefined {
    const stats = lstatSync(this.#root + directory, { throwIfNoEntry: false });
    if (stats?.isDirectory() !== true) return undefined;
    const version = settledVersion(stats);
    if (before !== undefined && version !== undefined && version === before.version) return before;
    const entries = entriesOf(this.#root + directory);
    const files = entries
      .filter((each) => each.isFile() && this.#wanted(directory + each.name) && !isTemporaryKey(directory + each.name))
      .map(({ name }) => name);
    const directories = entries.filter((each) => each.isDirectory()).map(({ name }) => name);
    return { version, directories, files, figures: figuresFor(files, before) };
  }

  #compare(
    directory: string,
    at: number,
    { files, figures }: Seen,
    written: Map<string, Version>,
    gone: string[],
  ): void {
    const key = `${directory}${files[at] ?? ''}`;
    const stats = lstatSync(this.#root + key, { throwIfNoEntry: false });
    const first = at * FIGURES;
    if (stats === undefined) {
      if (figures[first] !== 0) gone.push(key);
      figures.fill(0, first, first + FIGURES);
      return;
    }
    const { ino, ctimeMs, size } = stats;
    if (figures[first] === ino && figures[first + 1] === ctimeMs && figures[first + 2] === size) return;
    figures.set([ino, ctimeMs, size], first);
    written.set(key, versionOf(stats));
  }
}

/** What the files were before, in their new places; 0 of new ones. */
function figuresFor(files: readonly string[], before: Seen | undefined): Float64Array {
  const figures = new Float64Array(files.length * FIGURES);
  if (before === undefined) return figures;
  const places = new Map(before.files.map((name, at) => [name, at]));
  for (const [at, name] of files.entries()) {
    const place = places.get(name);
    if (place === undefined) continue;
    figures.set(before.figures.subarray(place * FIGURES, (place + 1) * FIGURES), at * FIGURES);
  }
  return figures;
}

function without(before: Seen, seen: Seen, directory: string): string[] {
  const left = new Set(seen.files);
  return before.files.filter((name) => !left.has(name)).map((name) => directory + name);
}

function settledVersion(stats: Stats): string | undefined {
  const age = Date.now() - Math.max(stats.ctimeMs, stats.mtimeMs);
  return age > SETTLED_MILLISECONDS ? `${stats.dev}-${versionOf(stats)}-${stats.mtimeMs}` : undefined;
}

function entriesOf(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
