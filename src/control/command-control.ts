import { readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { stopwatch } from '../base/clock.ts';
import { BackupError, reason, systemCode } from '../base/errors.ts';
import type { Processes } from '../base/processes.ts';
import type { ServerControl } from './server-control.ts';

/** A program and its arguments. */
export type Words = readonly [string, ...string[]];

export interface CommandControlSettings {
  /** Returns when the server has ended, or is about to. */
  readonly stop: Words;
  /** Returns once the server is in the background, and leaves it none of its own streams. */
  readonly start: Words;
  /** The file that the server holds a lock on as long as it runs. */
  readonly lockFile: string;
  readonly processes: Processes;
}

const COMMAND_MILLISECONDS = 180_000;
/** A command may have returned before the last of the server is gone. */
const ENDING_SECONDS = 120;

/** Control by two commands of the operator; whether the server runs is told by its lock, not by them. */
export class CommandControl implements ServerControl {
  readonly name = 'the server';
  readonly #settings: CommandControlSettings;

  constructor(settings: CommandControlSettings) {
    this.#settings = settings;
  }

  running(): Promise<boolean> {
    return isLocked(this.#settings.lockFile);
  }

  async stop(): Promise<void> {
    if (!(await this.running())) return;
    await this.#run(this.#settings.stop);
    const seconds = stopwatch();
    while (await this.running()) {
      if (seconds() > ENDING_SECONDS) throw this.#failed(this.#settings.stop, 'the server still runs after it');
      await delay(50);
    }
  }

  async start(): Promise<void> {
    if (await this.running()) return;
    await this.#run(this.#settings.start);
  }

  async #run(words: Words): Promise<void> {
    const [file, ...args] = words;
    try {
      await this.#settings.processes.run({ file, args }, AbortSignal.timeout(COMMAND_MILLISECONDS));
    } catch (error) {
      throw this.#failed(words, reason(error), error);
    }
  }

  #failed(words: Words, why: string, cause?: unknown): BackupError {
    return new BackupError(`${words.join(' ')}: ${why}`, {
      kind: 'failed',
      hint: 'try the command by hand as the user that runs this program',
      cause,
    });
  }
}

/** Whether any process holds a POSIX lock on the file (proc_locks(5)). */
async function isLocked(file: string): Promise<boolean> {
  const found = await stat(file, { bigint: true }).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return false;
  const inodes = (await readFile('/proc/locks', 'utf8')).matchAll(/ [0-9a-f]+:[0-9a-f]+:(\d+) /g);
  return [...inodes].some(([, inode]) => inode === String(found.ino));
}
