import { exact, type Fact, type Facts } from '../../model/facts.ts';
import { entityHash, MultisetDigest } from './digest.ts';
import { DigestTable } from './digest-table.ts';

/**
 * Counts and digests the entities of one graph, from their canonical texts (literals.ts). The digests do not depend
 * on any number, order or element id: a restored copy has the same.
 */
export class Tally implements Disposable {
  readonly #table: DigestTable;
  readonly #nodeDigest = new MultisetDigest();
  readonly #relationshipDigest = new MultisetDigest();
  readonly #labels = new Map<string, number>();
  readonly #types = new Map<string, number>();
  nodes = 0;
  relationships = 0;

  /** The directory takes what does not fit into memory. */
  constructor(directory: string) {
    this.#table = new DigestTable(directory);
  }

  /** `labelText` and `propertyText` as the script has them; `number` names the node to its relationships. */
  node(number: number, labels: readonly string[], labelText: string, propertyText: string): void {
    const digest = entityHash(labelText + propertyText);
    this.#table.set(number, digest);
    this.#nodeDigest.add(digest);
    this.nodes += 1;
    for (const label of labels) increment(this.#labels, label);
  }

  hasNode(number: number): boolean {
    return this.#table.get(number) !== undefined;
  }

  /** False, and nothing counted, when one of its ends is none of the nodes. */
  relationship(start: number, end: number, type: string, propertyText: string): boolean {
    const from = this.#table.get(start);
    const to = this.#table.get(end);
    if (from === undefined || to === undefined) return false;
    this.#relationshipDigest.add(entityHash(`${from}${to}${type}\n${propertyText}`));
    this.relationships += 1;
    increment(this.#types, type);
    return true;
  }

  facts(): Facts {
    const facts: Record<string, Fact> = {
      nodes: exact(this.nodes),
      relationships: exact(this.relationships),
      'digest nodes': exact(this.#nodeDigest.hex()),
      'digest relationships': exact(this.#relationshipDigest.hex()),
    };
    for (const [label, count] of this.#labels) facts[`nodes :${label}`] = exact(count);
    for (const [type, count] of this.#types) facts[`relationships :${type}`] = exact(count);
    return facts;
  }

  [Symbol.dispose](): void {
    this.#table[Symbol.dispose]();
  }
}

function increment(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
