import { stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories } from '../base/directories.ts';
import { systemCode } from '../base/errors.ts';
import type { Service } from '../model/vocabulary.ts';

/** Seconds after which a loop that ticks several times a minute has stopped, or the clock has jumped. */
const OLDEST_SECONDS = 60;

/**
 * A file beside the socket of a service whose time says when a loop last did its round. Not among the state: that is
 * shared by all containers, and two of them may answer for one service, each in a directory of its own.
 */
export class Heartbeat {
  readonly #file: string;

  constructor(sockets: string, service: Service) {
    this.#file = path.join(sockets, `${service}.heartbeat`);
  }

  /** Works on a full disk once the file is there. */
  async beat(): Promise<void> {
    const now = new Date();
    await utimes(this.#file, now, now).catch(async (error: unknown) => {
      if (systemCode(error) !== 'ENOENT') throw error;
      makeDirectories(path.dirname(this.#file));
      await writeFile(this.#file, '', { mode: 0o600 });
    });
  }

  /** Seconds since the loop last did its round; undefined where none ever did. */
  async age(): Promise<number | undefined> {
    const found = await stat(this.#file).catch(() => undefined);
    return found === undefined ? undefined : Math.round((Date.now() - found.mtimeMs) / 1000);
  }

  /** What is wrong, in words; undefined while it beats. */
  async complaint(): Promise<string | undefined> {
    const seconds = await this.age();
    if (seconds === undefined) return 'no loop has run here yet';
    return Math.abs(seconds) <= OLDEST_SECONDS ? undefined : `its loop last ran ${seconds} s ago`;
  }
}
