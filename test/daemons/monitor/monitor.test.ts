import { describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { monitor, type MonitorDeps } from '../../../src/daemons/monitor/monitor.ts';
import { healthySituation } from '../../support/situations.ts';

describe('the monitor', () => {
  test('says where it answers, looks and answers until it is stopped, and frees its port', async () => {
    const lines: string[] = [];
    const deps: MonitorDeps = {
      look: () => Promise.resolve(healthySituation()),
      observers: [],
      expected: { services: ['redis'], rpoSeconds: 1, rtoSeconds: 1 },
      intervalSeconds: 3600,
      limitSeconds: 60,
      retrySeconds: 15,
      clock: systemClock,
      say: (line) => void lines.push(line),
      note: () => undefined,
      address: { host: '127.0.0.1', port: 0 },
      version: '1.2.3',
      token: undefined,
    };
    const over = new AbortController();
    const running = monitor(deps, over.signal);
    await vi.waitUntil(() => lines.length > 0, { timeout: 30_000, interval: 5 });
    const url = /^ready: (http:\/\/127\.0\.0\.1:\d+)$/.exec(lines[0] ?? '')?.[1] ?? '';
    await vi.waitUntil(async () => (await fetch(`${url}/readyz`)).ok, { timeout: 30_000, interval: 20 });
    over.abort();
    await running;
    await expect(fetch(`${url}/readyz`)).rejects.toThrow('fetch failed');
  });
});
