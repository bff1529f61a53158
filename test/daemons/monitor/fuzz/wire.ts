import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** An answer as its bytes say. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Nothing here takes longer than milliseconds to answer; a busy machine may be a thousand times slower. */
const DEADLINE_MILLISECONDS = 30_000;

/** A connection that may be told anything. */
export async function dial(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Sends these bytes and returns all that comes back until the server hangs up; fails if it does not. */
export async function exchange(url: string, bytes: string | Uint8Array): Promise<string> {
  const socket = await dial(url);
  const said = listen(socket);
  socket.end(bytes);
  return await said;
}

/** The answer to these bytes. Fails if there is none. */
export async function ask(url: string, bytes: string | Uint8Array): Promise<WireAnswer> {
  const answer = answerIn(await exchange(url, bytes));
  if (answer === undefined) throw new Error('no answer');
  return answer;
}

/** All that comes back until the server hangs up, which it must. */
export async function listen(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const { promise: closed, resolve, reject } = Promise.withResolvers<unknown>();
  socket.once('close', resolve);
  const deadline = setTimeout(() => {
    reject(new Error(`no end after: ${Buffer.concat(chunks).toString('latin1')}`));
    socket.destroy();
  }, DEADLINE_MILLISECONDS);
  await closed.finally(() => clearTimeout(deadline));
  return Buffer.concat(chunks).toString('utf8');
}

/** The answer in what came back; undefined for nothing. Fails on what is none. */
export function answerIn(said: string): WireAnswer | undefined {
  const text = said.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '');
  if (text === '') return undefined;
  const end = text.indexOf('\r\n\r\n');
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1];
  if (end < 0 || status === undefined) throw new Error(`no answer: ${text}`);
  const headers = new Map(lines.map((line) => pairOf(line)));
  return { status: Number(status), headers, body: text.slice(end + 4) };
}

function pairOf(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}
