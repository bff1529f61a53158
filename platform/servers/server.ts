import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BackupError, reason, throwIfAborted } from '../../src/base/errors.ts';
import type { Command, RunningProcess } from '../../src/base/processes.ts';
import { processes } from '../host.ts';
import { endProcess, type PidRecord, removePidRecord, runs, signalProcess, writePidRecord } from './pid-record.ts';
import { asServerUser, processesIn } from './runner.ts';

export interface ServerOptions {
  /** Where data, configuration and log go; without it, a temporary directory. Made if need be. */
  readonly directory?: string | undefined;
  /** Ends the start, and an attached server. */
  readonly signal?: AbortSignal | undefined;
  /** Outlives us; otherwise the server is killed when the thread that started it ends, however it ends. */
  readonly detached?: boolean | undefined;
}

/** What is particular to one kind of server. */
export interface Recipe {
  readonly name: string;
  readonly directory: string;
  readonly port: number;
  readonly password: string;
  readonly foreground: Command;
  /** Starts the server and returns. */
  readonly background: Command;
  /** Where the server that was started in the background writes its pid, first line. */
  readonly pidFile: string;
  readonly logFile: string;
  /** Ends the server without waiting for its clients. */
  readonly stopSignal: NodeJS.Signals;
  /** Resolves when the server has answered as it would to a client, rejects while it does not. */
  readonly answers: () => Promise<void>;
  /** The variables of the deployment guide with which the CLI reaches it. */
  readonly environment: Readonly<Record<string, string>>;
}

const START_MILLISECONDS = 180_000;
const POLL_MILLISECONDS = 100;

/** A real server of our own that can be stopped, killed and started again on the same port and data. */
export class ThrowawayServer implements AsyncDisposable {
  readonly directory: string;
  readonly port: number;
  readonly password: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly #recipe: Recipe;
  readonly #options: ServerOptions;
  #record: PidRecord | undefined;

  constructor(recipe: Recipe, options: ServerOptions) {
    this.directory = recipe.directory;
    this.port = recipe.port;
    this.password = recipe.password;
    this.environment = recipe.environment;
    this.logFile = recipe.logFile;
    this.#recipe = recipe;
    this.#options = options;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#record?.pid;
  }

  /** Starts it (again) and waits until it answers. Kinds: `failed` with the end of its log, `cancelled`. */
  async start(): Promise<void> {
    const signal = this.#options.signal ?? AbortSignal.any([]);
    throwIfAborted(signal);
    const child = this.#options.detached === true ? await this.#background(signal) : this.#foreground(signal);
    this.#record = await writePidRecord(this.directory, child);
    try {
      await this.#untilItAnswers(signal);
    } catch (thrown) {
      await this.stop();
      throw thrown;
    }
  }

  /** Sends a signal; after SIGKILL, returns when nothing of the server is left but its data. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    if (this.#record !== undefined) await signalProcess(this.#record, signal);
    if (signal === 'SIGKILL') await this.#ended('SIGKILL');
  }

  /** Ends it in good order; the data stays. Nothing happens if it does not run. */
  async stop(): Promise<void> {
    await this.#ended(this.#recipe.stopSignal);
  }

  /** Ends it and removes its directory. */
  async remove(): Promise<void> {
    await this.#ended('SIGKILL');
    await rm(this.directory, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove();
  }

  async #ended(signal: NodeJS.Signals): Promise<void> {
    const record = this.#record;
    if (record === undefined) return;
    await endProcess(record, signal);
    while ((await processesIn(this.directory)).length > 0) await delay(POLL_MILLISECONDS);
    await removePidRecord(this.directory);
    this.#record = undefined;
  }

  #foreground(signal: AbortSignal): number {
    const child: RunningProcess = processes.start(asServerUser(this.#recipe.foreground, true), {}, signal);
    return child.pid;
  }

  async #background(signal: AbortSignal): Promise<number> {
    await rm(this.#recipe.pidFile, { force: true });
    await processes.run(asServerUser(this.#recipe.background, false), signal);
    return await within(signal, 'wrote no pid', async () => {
      const pid = Number.parseInt(await readFile(this.#recipe.pidFile, 'utf8'), 10);
      if (Number.isNaN(pid)) throw new Error('the pid is not complete');
      return pid;
    });
  }

  async #untilItAnswers(signal: AbortSignal): Promise<void> {
    await within(signal, `${this.#recipe.name} did not answer`, async () => {
      if (this.#record === undefined || !(await runs(this.#record))) throw await this.#startFailed();
      await this.#recipe.answers();
    });
  }

  async #startFailed(): Promise<BackupError> {
    const log = await readFile(this.logFile, 'utf8').catch(() => '');
    const end = log.trim().split('\n').slice(-3).join(' | ');
    return new BackupError(`${this.#recipe.name} ended while it started: ${end}`, {
      kind: 'failed',
      hint: `its log is ${path.resolve(this.logFile)}`,
    });
  }
}

/** Tries until it succeeds, our own error comes, or the time is over. */
async function within<T>(signal: AbortSignal, what: string, attempt: () => Promise<T>): Promise<T> {
  const until = performance.now() + START_MILLISECONDS;
  for (;;) {
    throwIfAborted(signal);
    try {
      return await attempt();
    } catch (thrown) {
      if (thrown instanceof BackupError) throw thrown;
      if (performance.now() > until)
        throw new BackupError(`${what} within ${START_MILLISECONDS / 1000} s: ${reason(thrown)}`, {
          kind: 'timeout',
          cause: thrown,
        });
      await delay(POLL_MILLISECONDS);
    }
  }
}
