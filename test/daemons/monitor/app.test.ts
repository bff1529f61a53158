import { once } from 'node:events';
import { connect } from 'node:net';
import { parse } from 'valibot';
import { afterEach, describe, expect, test } from 'vitest';
import { API_ROUTES, answerSchema } from '../../../src/daemons/monitor/api.ts';
import { problemSchema } from '../../../src/daemons/monitor/api-schema.ts';
import { MonitorServer } from '../../../src/daemons/monitor/server.ts';
import { brokenSituation, healthySituation } from '../../support/situations.ts';
import { type RunningMonitor, runMonitor } from './rig.ts';

let running: RunningMonitor | undefined;
afterEach(async () => {
  await running?.[Symbol.asyncDispose]();
  running = undefined;
});
async function started(...how: Parameters<typeof runMonitor>): Promise<RunningMonitor> {
  running = await runMonitor(...how);
  return running;
}

/** Every address of the API, with a service where it has one. */
const ADDRESSES = API_ROUTES.map((route) => ({ route, path: route.path.replace('{service}', 'postgres') }));

describe('the API', () => {
  test.each([healthySituation(), brokenSituation(), new Error('blind')])(
    'answers as it is described',
    async (found) => {
      const monitor = await started(found);
      for (const { route, path } of ADDRESSES) {
        const response = await monitor.get(path);
        expect(response.status, path).toBe(200);
        expect(response.headers.get('content-type')).toBe('application/json');
        parse(answerSchema(route.schema), await response.json());
      }
    },
  );

  test('gives the newest backups of a type, as many as were asked for', async () => {
    const monitor = await started();
    const answer = (await (await monitor.get('/api/v1/services/redis/backups?type=weekly&limit=2')).json()) as {
      data: { id: string }[];
    };
    expect(answer.data.map(({ id }) => id)).toEqual([
      expect.stringMatching(/^redis_weekly_20261115_/),
      expect.stringMatching(/^redis_weekly_20261122_/),
    ]);
  });

  test.each([
    ['/api/v1/services/mysql', 404],
    ['/api/v1/services/__proto__', 404],
    ['/api/v1/services/redis/backups?limit=0', 400],
    ['/api/v1/services/redis/backups?limit=2&limit=3', 400],
    ['/api/v1/services/redis/backups?type=fortnightly', 400],
    ['/api/v1/services/redis/backups?what', 400],
    ['/api/v1/situation?type=daily', 400],
    ['/api/v2', 404],
    ['/../etc/passwd', 404],
    [`/api/v1/situation?${'x'.repeat(4000)}`, 414],
  ])('refuses %s with %i', async (path, status) => {
    const monitor = await started();
    const response = await monitor.get(path);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(parse(problemSchema, await response.json())).toMatchObject({ status });
  });

  test('says 404 of a service that this platform does not have', async () => {
    const healthy = healthySituation();
    const monitor = await started({ ...healthy, services: healthy.services.slice(0, 1) });
    expect((await monitor.get('/api/v1/services/redis')).status).toBe(404);
    expect((await monitor.get('/api/v1/services/redis/runs')).status).toBe(404);
    expect((await monitor.get('/api/v1/services/postgres')).status).toBe(200);
  });

  test('says of a failure neither where nor why', async () => {
    const clock = {
      now: () => {
        throw new Error('ENOENT /state/secret-place');
      },
    };
    const monitor = await started(healthySituation(), { clock });
    const response = await monitor.get('/');
    expect(response.status).toBe(500);
    expect(await response.text()).not.toMatch(/secret-place|ENOENT|at /);
    expect(monitor.said.notes.at(-1)?.error.message).toContain('secret-place');
  });
});

describe('the probes', () => {
  test('are well while there is something current', async () => {
    const monitor = await started();
    expect((await monitor.get('/healthz')).status).toBe(200);
    expect((await monitor.get('/readyz')).status).toBe(200);
  });

  test('tell a monitor that cannot see from one that hangs', async () => {
    const monitor = await started(new Error('blind'));
    expect((await monitor.get('/healthz')).status).toBe(200);
    expect((await monitor.get('/readyz')).status).toBe(503);
    Object.defineProperty(monitor.looks, 'hangs', { value: true });
    expect((await monitor.get('/healthz')).status).toBe(503);
  });
});

describe('the token', () => {
  const token = 'correct-horse-battery';
  const basic = (password: string): string => `Basic ${Buffer.from(`me:${password}`).toString('base64')}`;
  const ask = (monitor: RunningMonitor, authorization?: string): Promise<Response> =>
    monitor.get('/api/v1/situation', authorization === undefined ? {} : { headers: { authorization } });

  test.each([
    ['Bearer', `Bearer ${token}`],
    ['bearer', `bearer ${token}`],
    ['as a password', basic(token)],
  ])('opens: %s', async (_, authorization) => {
    const monitor = await started(healthySituation(), { token });
    expect((await ask(monitor, authorization)).status).toBe(200);
  });

  test.each([
    undefined,
    '',
    'Bearer',
    `Bearer ${token}x`,
    `Bearer ${token.slice(1)}`,
    token,
    basic(''),
    'Basic !',
    `Digest ${token}`,
  ])('does not open: %s', async (authorization) => {
    const monitor = await started(healthySituation(), { token });
    const response = await ask(monitor, authorization);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('Bearer');
    expect(await response.text()).not.toContain('postgres');
  });

  test('is asked for everywhere but at the probes, also where there is nothing', async () => {
    const monitor = await started(healthySituation(), { token });
    for (const path of ['/', '/api/openapi.json', '/nothing', '/healthz/', '/readyz/..%2f', '/metrics'])
      expect((await monitor.get(path)).status, path).toBe(401);
    expect((await monitor.get('/healthz')).status).toBe(200);
    expect((await monitor.get('/readyz')).status).toBe(200);
  });
});

describe('every answer', () => {
  test.each(['/api/v1/situation', '/nothing', '/healthz', '/api/v1/services/x'])(
    'of %s has the headers',
    async (path) => {
      const monitor = await started();
      const { headers } = await monitor.get(path);
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; .*frame-ancestors 'none'/);
      expect(headers.get('content-security-policy')).not.toContain('unsafe');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cache-control')).toBe('no-store');
    },
  );

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('to %s is that nothing can be changed', async (method) => {
    const monitor = await started();
    const response = await monitor.get('/api/v1/situation', { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
  });

  test('to HEAD has no body', async () => {
    const monitor = await started();
    const response = await monitor.get('/api/v1/situation', { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
    const whole = await monitor.get('/api/v1/recovery');
    const { headers } = await monitor.get('/api/v1/recovery', { method: 'HEAD' });
    expect(headers.get('content-length')).toBe(String(Buffer.byteLength(await whole.text())));
  });
});

describe('the server', () => {
  test('that finds its port taken says what to do', async () => {
    const monitor = await started();
    const port = Number(new URL(monitor.url).port);
    const other = MonitorServer.open({ host: '127.0.0.1', port }, () => ({ status: 200, headers: {}, body: '' }));
    await expect(other).rejects.toMatchObject({
      kind: 'busy',
      hint: expect.stringContaining('MONITOR_PORT') as string,
    });
  });

  test('closes though a client keeps its connection', async () => {
    const monitor = await started();
    const { hostname, port } = new URL(monitor.url);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.resume().write('GET / HTTP/1.1\r\nHost: x\r\n'); // and never the rest
    await monitor[Symbol.asyncDispose]();
    running = undefined;
    await closed;
    await expect(fetch(`${monitor.url}/healthz`)).rejects.toThrow('fetch failed');
  });
});
