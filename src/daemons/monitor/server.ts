import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import { asError, BackupError, reason, systemCode } from '../../base/errors.ts';
import { secure } from './guard.ts';
import { answerWhatIsNoRequest } from './no-request.ts';
import { limitWaiting } from './pipelines.ts';
import { problem } from './problem.ts';

export interface Address {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

/** A hundred times what a dashboard, a scraper and a health check need, and little enough to refuse a flood. */
const LIMITS = { connections: 256, requestsPerConnection: 10_000, headerBytes: 8192, patienceMilliseconds: 10_000 };
const GRACE_MILLISECONDS = 2000;

type Fetch = (request: Request) => Response | Promise<Response>;

/** A server of HTTP with limits. Disposing answers what was asked, then closes every connection. */
export class MonitorServer implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Fails with kind `busy` where the port is taken, `denied` where we may not have it. */
  static async open({ host, port }: Address, fetch: Fetch, note: (error: Error) => void): Promise<MonitorServer> {
    const listener = getRequestListener((request) => fetch(request), {
      overrideGlobalObjects: false,
      errorHandler: (error) => refuse(error, note),
    });
    const server = createServer(
      {
        maxHeaderSize: LIMITS.headerBytes,
        requestTimeout: LIMITS.patienceMilliseconds,
        headersTimeout: LIMITS.patienceMilliseconds,
        keepAliveTimeout: LIMITS.patienceMilliseconds,
        connectionsCheckingInterval: 1000,
        requireHostHeader: false, // the listener refuses it too, with our headers
      },
      limitWaiting((incoming, outgoing) => void listener(incoming, outgoing)),
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

/** A request that is none, e.g. one whose host name is no name; all else is answered before. */
function refuse(error: unknown, note: (error: Error) => void): Response {
  note(asError(error));
  return secure(problem(400, 'this is no request that can be answered'));
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
