import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { BackupError, throwIfAborted } from '../base/errors.ts';
import { createServer } from '../base/http.ts';
import type { Log } from '../base/log.ts';
import type { Processes } from '../base/processes.ts';
import type { Service } from '../model/vocabulary.ts';
import { isVerb } from './arguments.ts';
import { Exchange } from './exchange.ts';
import { HeldRecoveries } from './held-recoveries.ts';
import { listen, type Listening } from './listening.ts';
import { type Patience, PATIENCE, PROTOCOL, PROTOCOL_HEADER, type VerbName } from './protocol.ts';
import { type OpenAgent, perform } from './perform.ts';
import { encodeError } from './wire-errors.ts';

export interface AgentServerDeps {
  readonly service: Service;
  /** `AGENT_DIR`. */
  readonly directory: string;
  readonly version: string;
  readonly processes: Processes;
  /** For what no caller hears. */
  readonly log: Log;
  readonly openAgent: OpenAgent;
  readonly patience?: Patience;
}

/** How long a new call waits for one whose caller is gone; then the service's lock says what is to be said. */
const CLEANING_MILLISECONDS = 60_000;

/** Answers for one service on its socket. Disposing cancels what is being done and waits for it. */
export class AgentServer implements AsyncDisposable {
  readonly #deps: AgentServerDeps;
  readonly #server: Server;
  readonly #held = new HeldRecoveries();
  readonly #calls = new Map<Exchange, Promise<void>>();
  #listening: Listening | undefined;

  private constructor(deps: AgentServerDeps) {
    this.#deps = deps;
    this.#server = createServer((request, response) => void this.#accept(request, response));
    this.#server.requestTimeout = 0; // a call lasts as long as its work
    this.#server.headersTimeout = 10_000;
    this.#server.timeout = 0;
  }

  /** Fails with kind `busy` when another process answers for this service. */
  static async open(deps: AgentServerDeps, signal: AbortSignal): Promise<AgentServer> {
    const opened = new AgentServer(deps);
    opened.#listening = await listen(opened.#server, deps, signal);
    return opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const exchange of this.#calls.keys()) exchange.abort(stopped(this.#deps.service));
    await Promise.all(this.#calls.values());
    this.#server.closeAllConnections();
    await this.#listening?.[Symbol.asyncDispose]();
  }

  async #accept(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const verb = verbOf(request, this.#deps.service);
    if (verb === undefined) return refuse(response, 404);
    if (request.headers[PROTOCOL_HEADER] !== String(PROTOCOL)) return refuse(response, 426);
    const { aliveMilliseconds } = this.#deps.patience ?? PATIENCE;
    const exchange = new Exchange(request, response, aliveMilliseconds);
    const answered = this.#answer(verb, exchange);
    this.#calls.set(exchange, answered);
    await answered;
    this.#calls.delete(exchange);
  }

  /** Never rejects. */
  async #answer(verb: VerbName, exchange: Exchange): Promise<void> {
    using call = exchange;
    try {
      const given = await call.given();
      if (verb === 'backup' || verb === 'hold') await this.#cleaned(call.signal);
      const value = await perform(verb, given, call, { ...this.#deps, held: this.#held });
      call.end({ event: 'result', value });
    } catch (error) {
      call.end({ event: 'error', error: encodeError(error) });
    }
  }

  /** What a caller that was killed had begun is being undone; its next run comes after that. */
  async #cleaned(signal: AbortSignal): Promise<void> {
    const abandoned = [...this.#calls].flatMap(([exchange, answered]) => (exchange.gone ? [answered] : []));
    const patience = new AbortController();
    const limit = delay(CLEANING_MILLISECONDS, undefined, { signal: patience.signal }).catch(() => undefined);
    await Promise.race([Promise.all(abandoned), limit]);
    patience.abort();
    throwIfAborted(signal);
  }
}

/** `POST /<service>/<verb>`. */
function verbOf({ method, url }: IncomingMessage, service: Service): VerbName | undefined {
  const [, of, verb = ''] = (url ?? '').split('/');
  return method === 'POST' && of === service && isVerb(verb) ? verb : undefined;
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { [PROTOCOL_HEADER]: String(PROTOCOL) }).end();
}

function stopped(service: Service): BackupError {
  return new BackupError(`the agent of ${service} was stopped`, {
    kind: 'unreachable',
    hint: `is physics-${service}-backup running?`,
  });
}
