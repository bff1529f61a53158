/** Says what is so at every look once, until it is forgotten or is another. */
export class SaidOnce {
  readonly #say: (line: string) => void;
  readonly #said = new Map<string, string>();

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** `which` tells one trouble of this kind from the next; a line may hold what differs at every look. */
  say(about: string, which: string, line: string): void {
    if (this.#said.get(about) !== which) this.#say(line);
    this.#said.set(about, which);
  }

  forget(about: string): void {
    this.#said.delete(about);
  }
}
