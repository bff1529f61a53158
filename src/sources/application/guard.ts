import { BackupError } from '../../base/errors.ts';
import { type Entry, shown, treeName } from './entry.ts';

/**
 * Lets only such entries pass as an honest capture of these trees makes: below one of the names, each inside a
 * directory that came just before it (so never through a symbolic link), hard links only to the same tree. Constant
 * memory: the order of a capture is depth first.
 */
export class EntryGuard {
  readonly #names: readonly string[];
  readonly #begun = new Set<string>();
  /** The directories that are open, outermost first. */
  #open: string[] = [];

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** Fails with kind `damaged`. */
  check(entry: Entry): void {
    const path = entry.path.toString('latin1');
    const parts = path.split('/');
    if (parts.some((part) => part === '' || part === '.' || part === '..') || path.includes('\0'))
      refuse(entry, 'has an impossible path');
    if (parts.length === 1) this.#beginTree(entry);
    else this.#enter(entry, path, parts.slice(0, -1).join('/'));
    if (entry.type === 'directory') this.#open.push(path);
    if (entry.type === 'hardlink') checkLink(entry);
  }

  #beginTree(entry: Entry): void {
    const name = treeName(entry);
    if (!this.#names.includes(name)) refuse(entry, `is no tree of this restore (${this.#names.join(', ')})`);
    if (this.#begun.has(name)) refuse(entry, 'comes a second time');
    if (entry.type !== 'directory') refuse(entry, 'is not a directory');
    this.#begun.add(name);
    this.#open = [];
  }

  #enter(entry: Entry, path: string, parent: string): void {
    while (this.#open.length > 0 && this.#open.at(-1) !== parent) this.#open.pop();
    if (this.#open.length === 0) refuse(entry, 'is not inside a directory that came before it');
    if (path === parent) refuse(entry, 'is inside itself');
  }
}

function checkLink(entry: Entry): void {
  const target = entry.target?.toString('latin1') ?? '';
  const parts = target.split('/');
  const climbs = parts.some((part) => part === '' || part === '.' || part === '..');
  if (climbs || parts[0] !== entry.path.toString('latin1').split('/')[0])
    refuse(entry, 'is a hard link to another place');
}

function refuse(entry: Entry, why: string): never {
  throw new BackupError(`the tar is not one of ours: ${shown(entry.path)} ${why}`, { kind: 'damaged' });
}
