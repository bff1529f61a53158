/** Rows of one statement at most: cypher-shell evaluates them as one expression. */
const ROWS = 200;
const BYTES = 256 * 1024;
/** Characters that wait in incomplete groups at most; then the largest group goes. */
const WAITING = 4 * 1024 * 1024;

interface Group {
  readonly key: string;
  rows: string[];
  size: number;
}

/** A full group of rows, for the statement that is its key. */
export type Batch = Readonly<Group>;

/** Gathers rows that one statement can create. */
export class Batches {
  readonly #groups = new Map<string, Group>();
  #waiting = 0;

  /** Adds a row; returns the batch that is due, if any. */
  add(key: string, row: string): Batch | undefined {
    const group = this.#group(key);
    group.rows.push(row);
    group.size += row.length;
    this.#waiting += row.length;
    if (group.rows.length >= ROWS || group.size >= BYTES) return this.#take(group);
    return this.#waiting >= WAITING ? this.#take(this.#largest()) : undefined;
  }

  /** What is left, in the order in which the groups began. */
  *rest(): Iterable<Batch> {
    for (const group of this.#groups.values()) yield group;
    this.#groups.clear();
    this.#waiting = 0;
  }

  #group(key: string): Group {
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const group = { key, rows: [], size: 0 };
    this.#groups.set(key, group);
    return group;
  }

  #take(group: Group): Batch {
    this.#groups.delete(group.key);
    this.#waiting -= group.size;
    return group;
  }

  #largest(): Group {
    return [...this.#groups.values()].reduce((one, other) => (other.size > one.size ? other : one));
  }
}
