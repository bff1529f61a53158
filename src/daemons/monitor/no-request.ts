import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { STATUS_CODES } from '../../base/http.ts';
import { problem } from './exchange.ts';
import { secure } from './guard.ts';

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/** What never becomes a request for the application is answered as everything is: a document, with the same headers. */
export function answerWhatIsNoRequest(server: Server): void {
  const latest = new WeakMap<Duplex, Exchange>();
  server.on('request', (incoming, outgoing) => void latest.set(incoming.socket, { incoming, outgoing }));
  // What else a client expects of us does not matter: no body is read.
  server.on('checkExpectation', (incoming, outgoing) => void server.emit('request', incoming, outgoing));
  server.on('connect', (_, socket) => say(socket, 405, 'this server answers GET and HEAD', { allow: 'GET, HEAD' }));
  server.on('clientError', (error, socket) => {
    const exchange = latest.get(socket);
    if (!socket.writable) socket.destroy();
    else if (exchange === undefined || isOver(exchange)) say(socket, ...refusalOf(error));
    else endAfter(exchange, socket);
  });
}

/** Whether what comes now belongs to no request that was answered, or will be. */
function isOver({ incoming, outgoing }: Exchange): boolean {
  return incoming.complete && outgoing.writableFinished;
}

/** Bytes that are no request, behind one that is: it gets its answer, and they none. */
function endAfter({ outgoing }: Exchange, socket: Duplex): void {
  socket.pause(); // it would be told of once more with all that comes
  if (outgoing.writableFinished) socket.destroy();
  else outgoing.once('close', () => socket.destroy());
}

function refusalOf({ code }: NodeJS.ErrnoException): [status: number, detail: string] {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return [408, 'the request did not come to its end in time'];
  if (code === 'HPE_HEADER_OVERFLOW') return [431, 'the headers are too long'];
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return [413, 'the extensions of a chunk are too long'];
  return [400, 'this is no request that can be answered'];
}

/** Says it and hangs up: a client that goes on to talk is not waited for. */
function say(socket: Duplex, status: number, detail: string, more: Readonly<Record<string, string>> = {}): void {
  const { headers, body } = secure(problem(status, detail, more));
  const all = { ...headers, 'content-length': String(Buffer.byteLength(body)), connection: 'close' };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.once('error', () => undefined); // it may be gone
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`, () =>
    socket.destroy(),
  );
}
