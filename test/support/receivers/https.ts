import { once } from 'node:events';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { collect } from '../../../src/base/processes.ts';
import type { Authority } from './authority.ts';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An HTTPS server that keeps what it is sent. */
export interface HttpsReceiver extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly received: readonly Received[];
  /** Status of the next answers; `hang` never answers. */
  answer: number | 'hang';
  /** Resolves once there are so many. */
  has(count: number): Promise<void>;
}

export async function httpsReceiver(authority: Authority, port = 0): Promise<HttpsReceiver> {
  const received: Received[] = [];
  const waiting = new Set<() => void>();
  const answer = async (...[request, response]: Parameters<RequestListener>): Promise<void> => {
    const body = await collect(request, 'a request');
    received.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
    for (const each of waiting) each();
    if (receiver.answer === 'hang') return;
    response
      .writeHead(receiver.answer, receiver.answer === 302 ? { location: '/elsewhere' } : {})
      .end('token-in-answer');
  };
  const server = https.createServer(authority.server, (request, response) => {
    answer(request, response).catch(() => undefined);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const bound = (server.address() as AddressInfo).port;
  const receiver: HttpsReceiver = {
    port: bound,
    url: `https://127.0.0.1:${bound}/hooks/token-in-path`,
    received,
    answer: 200,
    has: async (count) => {
      const { promise, resolve } = Promise.withResolvers<null>();
      const look = (): void => void (received.length >= count && resolve(null));
      waiting.add(look);
      look();
      await promise;
      waiting.delete(look);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}
