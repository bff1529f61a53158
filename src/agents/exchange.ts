import type { IncomingMessage, ServerResponse } from 'node:http';
import { BackupError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Progress } from '../model/source.ts';
import { jsonLine, jsonLines } from './json-lines.ts';
import {
  type AgentLine,
  type CallerLine,
  type LogFields,
  type LogLevel,
  PROTOCOL,
  PROTOCOL_HEADER,
} from './protocol.ts';
import { decodeError } from './wire-errors.ts';

const MILLISECONDS_BETWEEN_BYTES = 100;

/** One call as the agent's side sees it: what the caller gave, whether it is still there, and what it is told. */
export class Exchange implements Disposable {
  readonly #response: ServerResponse;
  readonly #lines: AsyncGenerator;
  readonly #abort = new AbortController();
  readonly #released = Promise.withResolvers<null>();
  readonly #alive: NodeJS.Timeout;
  #bytes: { readonly done: number; readonly total?: number } | undefined;
  #flush: NodeJS.Timeout | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, aliveMilliseconds: number) {
    this.#response = response;
    this.#lines = jsonLines(request);
    response.writeHead(200, { [PROTOCOL_HEADER]: String(PROTOCOL), 'content-type': 'application/jsonl' });
    response.flushHeaders();
    response.once('close', () => this.#closed());
    response.on('error', () => undefined); // its close tells
    this.#alive = setInterval(() => this.tell({ event: 'alive' }), aliveMilliseconds);
  }

  /**
   * Aborted when the caller asks for it, is gone, or the agent is stopped; never after the answer: what a stage
   * started goes on under its signal until the recovery is let go of.
   */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Whether nobody will hear the answer. */
  get gone(): boolean {
    return this.#response.destroyed;
  }

  /** Resolves when the caller lets go, is gone, or the agent is stopped. */
  get released(): Promise<null> {
    return this.#released.promise;
  }

  /** The first line of the caller; what it says later is heard from here on. */
  async given(): Promise<unknown> {
    const { value } = await this.#lines.next();
    void this.#hear();
    return value;
  }

  abort(why: BackupError): void {
    this.#abort.abort(why);
    this.#released.resolve(null);
  }

  tell(line: AgentLine): void {
    if (!this.#over) this.#response.write(jsonLine(line));
  }

  get progress(): Progress {
    return {
      step: (name) => {
        this.#tellBytes();
        this.tell({ event: 'step', name });
      },
      bytes: (done, total) => {
        this.#bytes = total === undefined ? { done } : { done, total };
        this.#flush ??= setTimeout(() => this.#tellBytes(), MILLISECONDS_BETWEEN_BYTES);
      },
    };
  }

  /** What is noted is the caller's to note; the agent's own log has it when there is no caller any more. */
  log(own: Log): Log {
    const note =
      (level: LogLevel) =>
      (message: string, fields?: LogFields): void => {
        if (this.#over) own[level](message, fields);
        else this.tell({ event: 'log', level, message, ...(fields === undefined ? {} : { fields }) });
      };
    return { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
  }

  end(line: AgentLine): void {
    this.#tellBytes();
    this.tell(line);
    this.#response.end();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#alive);
    clearTimeout(this.#flush);
    this.#response.end();
  }

  async #hear(): Promise<void> {
    try {
      for await (const each of this.#lines) {
        const line = each as CallerLine;
        if ('cancel' in line) {
          const reason = decodeError(line.cancel);
          this.abort(reason instanceof BackupError ? reason : callerGone());
        }
        if ('release' in line) this.#released.resolve(null);
      }
    } catch {
      this.#closed(); // the connection broke
    }
  }

  #tellBytes(): void {
    clearTimeout(this.#flush);
    this.#flush = undefined;
    if (this.#bytes !== undefined) this.tell({ event: 'bytes', ...this.#bytes });
    this.#bytes = undefined;
  }

  get #over(): boolean {
    return this.gone || this.#response.writableEnded;
  }

  #closed(): void {
    if (!this.#response.writableEnded) this.abort(callerGone());
  }
}

function callerGone(): BackupError {
  return new BackupError('the caller is gone', { kind: 'cancelled' });
}
