import { setImmediate } from 'node:timers/promises';

/** What a scraper or a health check may be kept waiting. */
const LONGEST_MILLISECONDS = 4;

/**
 * For long work that waits for nothing: asked often, it says when others had no turn for too long (`due`), and `give`
 * gives them one.
 */
export class Turns {
  #since = performance.now();

  get due(): boolean {
    return performance.now() - this.#since > LONGEST_MILLISECONDS;
  }

  async give(): Promise<void> {
    await setImmediate();
    this.#since = performance.now();
  }
}
