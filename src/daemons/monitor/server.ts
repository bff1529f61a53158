import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { BackupError, reason, systemCode } from '../../base/errors.ts';
import { createServer } from '../../base/http.ts';
import { type Asked, type Answer, problem, type Respond } from './exchange.ts';
import { secure } from './guard.ts';
import { answerWhatIsNoRequest } from './no-request.ts';
import { limitWaiting } from './pipelines.ts';

export interface Address {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

/** A hundred times what a dashboard, a scraper and a health check need, and little enough to refuse a flood. */
const LIMITS = { connections: 256, requestsPerConnection: 10_000, headerBytes: 8192, patienceMilliseconds: 10_000 };
const GRACE_MILLISECONDS = 2000;

/** A server of HTTP with limits. Disposing answers what was asked, then closes every connection. */
export class MonitorServer implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Fails with kind `busy` where the port is taken, `denied` where we may not have it. */
  static async open({ host, port }: Address, respond: Respond): Promise<MonitorServer> {
    const server = createServer(
      {
        maxHeaderSize: LIMITS.headerBytes,
        requestTimeout: LIMITS.patienceMilliseconds,
        headersTimeout: LIMITS.patienceMilliseconds,
        keepAliveTimeout: LIMITS.patienceMilliseconds,
        connectionsCheckingInterval: 1000,
        requireHostHeader: false, // we refuse it too, with our headers
      },
      limitWaiting((incoming, outgoing) => {
        const asked = askedBy(incoming);
        send(asked === undefined ? NO_REQUEST : respond(asked), incoming, outgoing);
      }),
    );
    answerWhatIsNoRequest(server);
    server.timeout = 2 * LIMITS.patienceMilliseconds; // of a client that does not read its answers
    server.maxConnections = LIMITS.connections;
    server.maxRequestsPerSocket = LIMITS.requestsPerConnection;
    try {
      server.listen({ host, port });
      await once(server, 'listening');
    } catch (error) {
      throw notListening(`${host}:${port}`, error);
    }
    return new MonitorServer(server);
  }

  /** Where it listens: `http://127.0.0.1:8084`. */
  get url(): string {
    const { address, family, port } = this.#server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeIdleConnections();
    const over = new AbortController();
    await Promise.race([closed, delay(GRACE_MILLISECONDS, undefined, { signal: over.signal }).catch(() => undefined)]);
    over.abort();
    this.#server.closeAllConnections();
    await closed;
  }
}

const NO_REQUEST = secure(problem(400, 'this is no request that can be answered'));

/** A name or an address, and a port (RFC 9110, section 7.2). */
const HOST = /^(?:[\w.~!$&'()*+,;=%-]+|\[[\da-f:.]+\])(?::\d*)?$/i;

/** Undefined where it is none: without a host that is one, or with an address that is none. */
function askedBy({ method = '', url = '', headers: { host = '', authorization } }: IncomingMessage): Asked | undefined {
  const address = URL.parse(url.startsWith('/') ? `http://monitor${url}` : url);
  if (address?.protocol !== 'http:' || !HOST.test(host)) return undefined;
  const { pathname: path, searchParams: query } = address;
  return { method, path, query, addressLength: url.length, authorization };
}

function send({ status, headers, body }: Answer, { method }: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  outgoing.end(method === 'HEAD' ? undefined : body);
}

function notListening(place: string, error: unknown): BackupError {
  const code = systemCode(error);
  const message = `the monitor cannot listen on ${place}: ${reason(error)}`;
  if (code === 'EADDRINUSE')
    return new BackupError(message, {
      kind: 'busy',
      hint: 'end what listens there, or set MONITOR_PORT',
      cause: error,
    });
  const hint = 'set MONITOR_HOST to an address of this machine and MONITOR_PORT to one from 1024';
  return new BackupError(message, { kind: code === 'EACCES' ? 'denied' : 'failed', hint, cause: error });
}
