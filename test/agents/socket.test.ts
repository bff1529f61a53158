import { execFile } from 'node:child_process';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AgentAddress, callAgent } from '../../src/agents/call.ts';
import { PROTOCOL, PROTOCOL_HEADER, socketOf } from '../../src/agents/protocol.ts';
import { RemoteAgent } from '../../src/agents/remote.ts';
import type { OpenAgent } from '../../src/agents/perform.ts';
import { AgentServer } from '../../src/agents/server.ts';
import { BackupError } from '../../src/base/errors.ts';
import type { Agent, Validation } from '../../src/model/agent.ts';
import { operatorLog } from '../../src/wiring/operator-log.ts';
import { testProcesses } from '../support/file-backup.ts';
import { never, watchedRun } from './scene.ts';

let directory: string;
let servers: AsyncDisposableStack;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'sockets-'));
  servers = new AsyncDisposableStack();
});
afterEach(async () => {
  await servers.disposeAsync();
  await rm(directory, { recursive: true });
});

const silent = operatorLog(() => undefined);
const socket = (): string => socketOf('redis', directory);
const address = (silenceMilliseconds = 60_000): AgentAddress => ({
  service: 'redis',
  socket: socket(),
  patience: { aliveMilliseconds: 50, silenceMilliseconds },
});

/** A real server before an agent of which only these verbs are asked for. */
async function serving(agent: Partial<Agent>): Promise<AgentServer> {
  const openAgent: OpenAgent = (access, log) => {
    log.warn('opened', { access });
    return Promise.resolve({ service: 'redis', ...agent } as Agent);
  };
  const patience = { aliveMilliseconds: 50, silenceMilliseconds: 1000 };
  const deps = {
    service: 'redis',
    directory,
    version: '1',
    processes: testProcesses,
    log: silent,
    openAgent,
    patience,
  };
  return servers.use(await AgentServer.open(deps as Parameters<typeof AgentServer.open>[0], never));
}

/** Something else at the other end. */
async function impostor(listener: Parameters<typeof createServer>[1]): Promise<Server> {
  await mkdir(directory, { recursive: true });
  const server = createServer({}, listener);
  await new Promise<void>((resolve) => server.listen(socket(), resolve));
  servers.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return server;
}

const ping = (silence?: number): Promise<unknown> => callAgent(address(silence), 'ping', {}, never);

describe('the socket', () => {
  test('may be used by owner and group only, and is gone with its server', async () => {
    const server = await serving({});
    expect(((await stat(socket())).mode & 0o777).toString(8)).toBe('660');
    expect(await ping()).toEqual({ service: 'redis', version: '1', pid: process.pid });
    await server[Symbol.asyncDispose]();
    expect(await readdir(directory)).toEqual(['redis.sock.lock']);
  });

  test('that a killed process left is replaced', async () => {
    const script = `require('net').createServer().listen(${JSON.stringify(socket())}, () => process.kill(process.pid, 'SIGKILL'))`;
    await promisify(execFile)(process.execPath, ['-e', script]).catch(() => undefined);
    expect((await stat(socket())).isSocket()).toBe(true);
    await serving({});
    expect(await ping()).toMatchObject({ service: 'redis' });
  });

  test('of a living one is not', async () => {
    await serving({});
    await expect(serving({})).rejects.toMatchObject({
      kind: 'busy',
      hint: expect.stringContaining('AGENT_SERVICES') as string,
    });
    expect(await ping()).toMatchObject({ service: 'redis' });
  });

  test('whose name is too long is refused in words', async () => {
    directory = path.join(directory, 'd'.repeat(100));
    await expect(serving({})).rejects.toMatchObject({
      kind: 'usage',
      hint: expect.stringContaining('AGENT_DIR') as string,
    });
    directory = path.dirname(directory);
  });
});

describe('an agent that cannot be relied upon is an error, never a wait', () => {
  const unreachable = { kind: 'unreachable', hint: 'is physics-redis-backup running?' };

  test('no socket', async () => {
    await expect(ping()).rejects.toMatchObject({
      ...unreachable,
      message: expect.stringContaining(socket()) as string,
    });
  });

  test('one that closes the connection', async () => {
    await impostor((request) => request.socket.destroy());
    await expect(ping()).rejects.toMatchObject(unreachable);
  });

  test('one that ends its answer before the result', async () => {
    await impostor((_request, response) =>
      response.writeHead(200, { [PROTOCOL_HEADER]: PROTOCOL }).end('{"event":"alive"}\n'),
    );
    await expect(ping()).rejects.toMatchObject(unreachable);
  });

  test('one that says nothing', async () => {
    await impostor(() => undefined);
    await expect(ping(300)).rejects.toMatchObject({
      ...unreachable,
      message: expect.stringContaining('nothing for 0.3 s') as string,
    });
  });

  test('one that says nothing after it began', async () => {
    await impostor((_request, response) => {
      response.writeHead(200, { [PROTOCOL_HEADER]: PROTOCOL });
      response.write('{"event":"step","name":"dump"}\n');
    });
    await expect(ping(300)).rejects.toMatchObject(unreachable);
  });

  test('one that works in silence is no such thing: it shows that it is there', async () => {
    const { promise, resolve } = Promise.withResolvers<Validation>();
    await serving({ validate: () => promise });
    const nothing = { storedBytes: 0, outcomes: [] };
    const run = watchedRun();
    const validated = new RemoteAgent(address(400), silent).validate('redis_daily_20260816_020000', [], run);
    setTimeout(() => resolve(nothing), 1200); // three times what is allowed to pass in silence
    expect(await validated).toEqual(nothing);
  });
});

describe('another version', () => {
  test('of the agent is said, with what to do', async () => {
    await impostor((_request, response) => response.writeHead(426, { [PROTOCOL_HEADER]: '99' }).end());
    await expect(ping()).rejects.toMatchObject({
      kind: 'too-old',
      message: `the agent of redis speaks protocol 99, this program ${PROTOCOL}`,
      hint: expect.stringContaining('same version') as string,
    });
  });

  test('of the caller is refused before anything is done', async () => {
    let asked = 0;
    await serving({ inspect: () => Promise.reject(new Error(`asked ${(asked += 1)} times`)) });
    expect(await statusOf('/redis/inspect', { [PROTOCOL_HEADER]: '99' })).toBe(426);
    expect(await statusOf('/redis/inspect', {})).toBe(426);
    expect(asked).toBe(0);
  });

  test('what is no agent at all is said to be none', async () => {
    await impostor((_request, response) => response.end('hello'));
    await expect(ping()).rejects.toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('does not answer as an agent') as string,
    });
  });
});

function statusOf(url: string, headers: Record<string, string | number>, method = 'POST'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath: socket(), path: url, method, headers, agent: false });
    request.on('error', reject).on('response', (response) => {
      response.resume();
      resolve(response.statusCode);
      request.destroy();
    });
    request.end('{}\n');
  });
}

describe('what no caller of ours sends', () => {
  const ours = { [PROTOCOL_HEADER]: PROTOCOL };

  test('is not found', async () => {
    await serving({});
    for (const url of ['/redis/drop', '/postgres/ping', '/', '/redis/constructor', '/redis/__proto__'])
      expect(await statusOf(url, ours), url).toBe(404);
    expect(await statusOf('/redis/ping', ours, 'GET')).toBe(404);
  });

  test.each([
    ['stage', { recovery: '../../etc/passwd', backup: 'redis_daily_20260816_020000' }],
    ['stage', { recovery: 'recovery_1', backup: '../x' }],
    ['hold', { recovery: 'a'.repeat(200) }],
    ['swap', null],
    ['swap', 5],
    ['backup', { type: 'rm', recoveryPoint: null }],
    ['backup', { type: 'daily', recoveryPoint: { id: 1, services: [] } }],
    ['validate', { backup: 'redis_daily_20260816_020000', levels: ['all'] }],
  ] as const)('%s %j is refused', async (verb, given) => {
    await serving({});
    await expect(callAgent(address(), verb, given as never, never)).rejects.toMatchObject({ kind: 'usage' });
  });

  test('is survived', async () => {
    await serving({});
    for (const noise of [
      '\0\0\0',
      'GET / HTTP/1.1\r\n\r\n',
      `POST /redis/ping HTTP/1.1\r\n${PROTOCOL_HEADER}: ${PROTOCOL}\r\ncontent-length: 3\r\n\r\n{{{`,
    ]) {
      const connection = connect(socket());
      connection.on('error', () => undefined).end(noise);
      await new Promise((resolve) => connection.once('close', resolve).resume());
    }
    await expect(callAgent(address(), 'swap', { recovery: 'recovery_1' }, never)).rejects.toMatchObject({
      kind: 'conflict',
    });
    expect(await ping()).toMatchObject({ service: 'redis' });
  });
});

describe('who stops what', () => {
  test('a server that is stopped cancels what it does, and waits until that has ended', async () => {
    let cleaned = false;
    const began = Promise.withResolvers<null>();
    const server = await serving({
      inspect: async ({ signal }) => {
        began.resolve(null);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        await new Promise((resolve) => setImmediate(resolve));
        cleaned = true;
        throw signal.reason;
      },
    });
    const call = new RemoteAgent(address(), silent).inspect(watchedRun());
    const failure = call.catch((error: unknown) => error);
    await began.promise;
    await server[Symbol.asyncDispose]();
    expect(cleaned).toBe(true);
    expect(await failure).toMatchObject({ kind: 'unreachable', message: 'the agent of redis was stopped' });
  });

  test('what an agent notes is noted by the caller; every backup of a long history arrives', async () => {
    const entry = {
      manifest: { id: 'redis_daily_20260816_020000', note: 'x'.repeat(2000) },
      proof: undefined,
      storedBytes: 1,
    };
    const backups = Array.from({ length: 5000 }, () => entry) as never[];
    await serving({ history: () => Promise.resolve({ backups, damage: [] }) });
    const told: string[] = [];
    const log = operatorLog((line) => told.push(line));
    const { backups: arrived } = await new RemoteAgent(address(), log).history(watchedRun());
    expect(told).toEqual(['warning: opened (access contents)']);
    expect(arrived).toHaveLength(5000);
    expect(arrived.at(-1)).toMatchObject({ manifest: entry.manifest });
  });

  test('an abort before the call is an abort, and asks nobody', async () => {
    const reason = new BackupError('no more', { kind: 'cancelled' });
    await expect(callAgent(address(), 'ping', {}, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
