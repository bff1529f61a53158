import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type RunningMonitor, runMonitor } from '../rig.ts';
import { complaints } from './complaints.ts';
import { answerIn, ask, dial, exchange, listen } from './wire.ts';

let monitor: RunningMonitor;
beforeAll(async () => {
  monitor = await runMonitor();
});
afterAll(() => monitor[Symbol.asyncDispose]());

const GET = (address: string, more = ''): string => `GET ${address} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
const LAST = 'Connection: close\r\n';
const question = { route: undefined, method: '', address: '', host: '', headers: [], body: '' };

async function expectWell(one = monitor): Promise<void> {
  for (const path of ['/healthz', '/readyz', '/metrics', '/', '/api/v1/situation'])
    expect((await one.get(path)).status, path).toBe(200);
}

describe('what is refused is refused with a document and every header', () => {
  test.each([
    ['no HTTP', 'hello\r\n\r\n', 400],
    ['no host', `GET / HTTP/1.1\r\n${LAST}\r\n`, 400],
    ['a host that is none', `GET /healthz HTTP/1.1\r\nHost: a b/@\r\n${LAST}\r\n`, 400],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 400],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
    ],
    ['a bare line feed in a header', GET('/', 'X: a\nb\r\n'), 400],
    ['a byte 0 in a header', GET('/', 'X: a\0b\r\n'), 400],
    ['nothing there', GET('/nothing', LAST), 404],
    ['a method that changes', `DELETE / HTTP/1.1\r\nHost: x\r\n${LAST}\r\n`, 405],
    ['a tunnel', 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n', 405],
    ['a long address', GET(`/${'a'.repeat(3000)}`, LAST), 414],
    ['a longer one', GET(`/${'a'.repeat(20_000)}`), 431],
    ['headers that do not end', GET('/', `X: ${'y'.repeat(20_000)}`), 431],
    ['very many headers', GET('/', 'X: y\r\n'.repeat(5000)), 431],
  ])('%s', async (_, bytes, status) => {
    const answer = await ask(monitor.url, bytes);
    expect(answer.status).toBe(status);
    expect(complaints({ question, answer, locked: true })).toEqual([]);
    await expectWell();
  });
});

test('an expectation that nobody meets is no reason not to answer', async () => {
  const answer = await ask(monitor.url, GET('/healthz', `Expect: the-unexpected\r\n${LAST}`));
  expect(answer).toMatchObject({ status: 200, body: 'ok\n' });
});

test.each([
  ['no request', 'hello\r\n\r\n'],
  ['a second request that is none', 'GET \r\n\r\n'],
])('%s behind one that is: that one gets its answer, and no other', async (_, bytes) => {
  const said = await exchange(monitor.url, `${GET('/healthz')}${bytes}`);
  expect(said.match(/HTTP\/1\.1/g)).toHaveLength(1);
  expect(answerIn(said)).toMatchObject({ status: 200, body: 'ok\n' });
});

test('a connection that was kept, and then says what is none, is told so', async () => {
  const socket = await dial(monitor.url);
  const all = listen(socket);
  socket.write(GET('/healthz'));
  await once(socket, 'data');
  socket.write('hello\r\n\r\n');
  expect([...(await all).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual(['200', '400']);
});

const HALVES = [
  '',
  'G',
  'GET / HTTP/1.1\r\n',
  'GET / HTTP/1.1\r\nHost: x\r\nX: ',
  'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab',
  'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe',
];

describe.concurrent('clients that cost time', () => {
  test('those that say half, nothing, or a byte at a time keep nobody waiting, and are ended', async ({
    expect: expectHere,
  }) => {
    await using own = await runMonitor();
    const sockets = await Promise.all(Array.from({ length: 120 }, () => dial(own.url)));
    const said = Promise.all(sockets.map((socket) => listen(socket)));
    for (const [at, socket] of sockets.entries()) socket.write(HALVES[at % HALVES.length] ?? '');
    const slow = await dial(own.url);
    const drip = setInterval(() => void slow.write('G'), 300);
    const slowly = listen(slow).finally(() => clearInterval(drip));
    await expectWell(own);
    const statuses = (await said).map((each) => answerIn(each)?.status);
    expectHere(statuses.slice(0, HALVES.length)).toEqual([408, 408, 408, 408, 405, 405]);
    expectHere([400, 408]).toContain(answerIn(await slowly)?.status);
    await expectWell(own);
  });

  test('those that never read their answers, on all connections there may be, are hung up on', async () => {
    await using own = await runMonitor();
    const sockets = await Promise.all(Array.from({ length: 256 }, () => dial(own.url)));
    for (const socket of sockets) socket.pause().write(GET('/metrics').repeat(4));
    await expect(own.get('/healthz')).rejects.toThrow('fetch failed');
    await expectWellAgain(own);
    await gone(sockets);
  });
});

test('one that asks for a thousand things at once is hung up on, and not answered first', async () => {
  const said = await exchange(monitor.url, GET('/').repeat(1000));
  expect(said.match(/HTTP\/1\.1 200 /g)?.length ?? 0).toBeLessThanOrEqual(4);
  await expectWell();
});

test('those that hang up midway are forgotten', async () => {
  for (let round = 0; round < 200; round += 1) {
    const socket = await dial(monitor.url);
    socket.write(GET('/metrics').slice(0, round % 2 === 0 ? undefined : 20));
    socket.resetAndDestroy();
  }
  await expectWell();
});

test('more connections than there may be are refused, and all is well once they are gone', async () => {
  const sockets = await Promise.all(Array.from({ length: 300 }, () => dial(monitor.url)));
  await Promise.any(sockets.map((socket) => once(socket.resume(), 'close'))); // one too many
  await gone(sockets);
  await expectWellAgain(monitor);
});

test('a thousand requests on one connection, one after the other, are all answered', async () => {
  const socket = await dial(monitor.url);
  const said = listen(socket);
  for (let round = 0; round < 1000; round += 1) {
    const answered = once(socket, 'data');
    socket.write(GET('/readyz'));
    await answered;
  }
  socket.end();
  expect((await said).match(/HTTP\/1\.1 200 /g)).toHaveLength(1000);
});

/** Connections are let go one after the other: until the last is, another may still be one too many. */
async function expectWellAgain(one: RunningMonitor): Promise<void> {
  await vi.waitFor(() => expectWell(one), { timeout: 60_000, interval: 50 });
}

async function gone(sockets: readonly Socket[]): Promise<void> {
  const closed = sockets.filter(({ closed: already }) => !already).map((socket) => once(socket, 'close'));
  for (const socket of sockets) socket.destroy();
  await Promise.all(closed);
}
