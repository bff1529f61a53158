import { exact, type Fact, type Facts } from '../../model/facts.ts';
import { type Entry, entryLine, lineDigest } from './entry.ts';

const MODULUS = 1n << 256n;

/** The facts of one tree: files, directories, links, bytes, and a digest of its list that no order changes. */
export class Tally {
  readonly #name: string;
  #files = 0;
  #directories = 0;
  #links = 0;
  #bytes = 0;
  #digest = 0n;

  constructor(name: string) {
    this.#name = name;
  }

  get isEmpty(): boolean {
    return this.#directories === 0;
  }

  add(entry: Entry, line = entryLine(entry)): void {
    if (entry.type === 'directory') this.#directories += 1;
    else if (entry.type === 'symlink' || entry.type === 'hardlink') this.#links += 1;
    else this.#files += 1;
    this.#bytes += entry.size;
    this.#digest = (this.#digest + lineDigest(line)) % MODULUS;
  }

  facts(): Facts {
    const facts: Record<string, Fact> = {};
    facts[`files ${this.#name}`] = exact(this.#files);
    facts[`directories ${this.#name}`] = exact(this.#directories);
    facts[`links ${this.#name}`] = exact(this.#links);
    facts[`bytes ${this.#name}`] = exact(this.#bytes);
    facts[`digest ${this.#name}`] = exact(this.#digest.toString(16).padStart(64, '0'));
    return facts;
  }
}
