import { createHash } from 'node:crypto';

/** Rounds of refinement: differences of structure up to this far from a node change its colour. */
const ROUNDS = 4;
const START_ROOM = 1024;

/**
 * The structure of a graph as a hash that depends on neither ids nor order: each node starts with the colour of its
 * content and takes on, round by round, those of its neighbours (Weisfeiler-Leman). About 12 bytes a node and 16 a
 * relationship. Colours are 64 bits, in two words of 32, because bigints would take minutes.
 */
export class Structure {
  readonly #numbers = new Map<bigint, number>();
  #colours = new Uint32Array(2 * START_ROOM);
  #relationships = new Uint32Array(4 * START_ROOM);
  #relationshipCount = 0;

  /** `id` is the server's; `digest` a hash of labels and properties. */
  addNode(id: bigint, digest: Buffer): void {
    const number = this.#numbers.size;
    this.#numbers.set(id, number);
    this.#colours = withRoom(this.#colours, 2 * number + 2);
    this.#colours.set([digest.readUInt32LE(0), digest.readUInt32LE(4)], 2 * number);
  }

  /** After all nodes. */
  addRelationship(from: bigint, to: bigint, digest: Buffer): void {
    const at = 4 * this.#relationshipCount++;
    this.#relationships = withRoom(this.#relationships, at + 4);
    this.#relationships.set([this.#number(from), this.#number(to), digest.readUInt32LE(0), digest.readUInt32LE(4)], at);
  }

  /** Of every connected part, the colours in it; so two triangles are told from a hexagon, whose colours are alike. */
  toString(): string {
    for (let round = 0; round < ROUNDS; round++) this.#refine();
    const parts = this.#sumOfParts();
    const sorted = new BigUint64Array(parts.buffer).toSorted();
    return createHash('sha256').update(new Uint8Array(sorted.buffer)).digest('hex').slice(0, 32);
  }

  /** For each node two words: the mixed colours of its part in the part's first node, 0 in the others. */
  #sumOfParts(): Uint32Array<ArrayBuffer> {
    const nodes = this.#numbers.size;
    const parts = new Parts(nodes);
    for (let at = 0; at < 4 * this.#relationshipCount; at += 4)
      parts.join(wordAt(this.#relationships, at), wordAt(this.#relationships, at + 1));
    const sums = new Uint32Array(2 * nodes);
    for (let node = 0; node < nodes; node++) {
      const at = 2 * parts.of(node);
      const [first, second] = [wordAt(this.#colours, 2 * node), wordAt(this.#colours, 2 * node + 1)];
      addTo(sums, at, mix(first, second, 0, 6));
      addTo(sums, at + 1, mix(first, second, 0, 7));
    }
    return sums;
  }

  #number(id: bigint): number {
    const number = this.#numbers.get(id);
    if (number === undefined) throw new Error(`a relationship leads to node ${id}, which was not read: someone writes`);
    return number;
  }

  /** Adds to each node's colour a mixture of each relationship's content with the colour at its other end. */
  #refine(): void {
    const old = this.#colours;
    const next = old.slice();
    const all = this.#relationships;
    for (let at = 0; at < 4 * this.#relationshipCount; at += 4) {
      const from = 2 * wordAt(all, at);
      const to = 2 * wordAt(all, at + 1);
      for (let word = 0; word < 2; word++) {
        const content = wordAt(all, at + 2 + word);
        addTo(next, from + word, mix(content, wordAt(old, to), wordAt(old, to + 1), 1 + word));
        addTo(next, to + word, mix(content, wordAt(old, from), wordAt(old, from + 1), 3 + word));
      }
    }
    // What was added up is linear; mixing it keeps rounds from cancelling each other.
    for (let at = 0; at < 2 * this.#numbers.size; at++)
      next[at] = mix(wordAt(next, at), wordAt(old, at), wordAt(next, at ^ 1), 5);
    this.#colours = next;
  }
}

/** Connected parts of a graph (union-find). */
class Parts {
  readonly #parents: Uint32Array;

  constructor(nodes: number) {
    this.#parents = Uint32Array.from({ length: nodes }, (_, node) => node);
  }

  join(a: number, b: number): void {
    this.#parents[this.of(a)] = this.of(b);
  }

  /** The node that stands for the part that `node` is in. */
  of(node: number): number {
    let at = node;
    for (let parent = this.#parents[at] ?? at; parent !== at; parent = this.#parents[at] ?? at) {
      this.#parents[at] = this.#parents[parent] ?? parent; // halves the way for the next
      at = parent;
    }
    return at;
  }
}

/** 32 bits of a mixture of four numbers; every bit of each changes about half of the result's. */
function mix(a: number, b: number, c: number, salt: number): number {
  let hash = Math.imul(salt, 0x9e3779b1);
  for (const word of [a, b, c]) {
    hash = Math.imul(hash ^ word, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
    hash ^= hash >>> 13;
  }
  return hash >>> 0;
}

function wordAt(words: Uint32Array, at: number): number {
  return words[at] ?? 0;
}

/** Modulo 2^32. */
function addTo(words: Uint32Array, at: number, summand: number): void {
  words[at] = wordAt(words, at) + summand;
}

function withRoom(words: Uint32Array<ArrayBuffer>, needed: number): Uint32Array<ArrayBuffer> {
  if (needed <= words.length) return words;
  const larger = new Uint32Array(Math.max(needed, 2 * words.length));
  larger.set(words);
  return larger;
}
