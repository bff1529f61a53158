import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { Alerter, type AlerterDeps } from '../../src/alerting/alerter.ts';
import { email } from '../../src/alerting/email.ts';
import { heartbeat } from '../../src/alerting/heartbeat.ts';
import type { Receiver } from '../../src/alerting/receiver.ts';
import { redaction } from '../../src/alerting/redaction.ts';
import { webhook } from '../../src/alerting/webhook.ts';
import type { Condition, ServiceSituation, Situation } from '../../src/model/situation.ts';
import { inDoubt, unseen } from '../../src/policy/doubt.ts';
import { AlertOutbox } from '../../src/records/alert-outbox.ts';
import { conditionOf } from '../support/conditions.ts';
import { type Authority, makeAuthority } from '../support/receivers/authority.ts';
import { type HttpsReceiver, httpsReceiver } from '../support/receivers/https.ts';
import { smtpReceiver } from '../support/receivers/smtp.ts';

let authority: Authority;
beforeAll(async () => {
  authority = await makeAuthority();
});
afterAll(() => authority[Symbol.asyncDispose]());

let directory: string;
let said: string[];
let now: number;
let server: HttpsReceiver;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'alerter-'));
  said = [];
  now = Date.parse('2026-11-01T00:00:00.000Z');
  server = await httpsReceiver(authority);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const instant = (): string => new Date(now).toISOString();
const clock = { now: instant };
const hookTo = (url: string): Receiver =>
  webhook({ url, format: 'generic', secret: undefined, authorities: [authority.certificate], clock });

/** As after a start of the monitor: nothing but the disk is known. */
async function started(more: Partial<AlerterDeps> = {}): Promise<Alerter> {
  const say = (line: string): void => void said.push(line);
  return new Alerter({
    receivers: [hookTo(server.url)],
    watchers: [],
    heartbeat: undefined,
    outbox: await AlertOutbox.open(directory, say),
    settings: { grouping: 'all', repeatSeconds: 12 * 3600, settleSeconds: 0 },
    clock,
    redact: redaction(['marker-secret']),
    say,
    pauses: { first: 0.02, longest: 0.05 },
    ...more,
  });
}

function situation(...conditions: readonly Condition[]): Situation {
  const services = ['postgres', 'redis'].map(
    (service) => ({ service, health: 'ok', rpo: {}, types: [] }) as unknown as ServiceSituation,
  );
  return { at: instant(), conditions, services, volumes: [] } as unknown as Situation;
}

/** What the server was told. */
function told(of: HttpsReceiver = server): string[] {
  return of.received.map(({ body }) => {
    const { kind, alerts } = JSON.parse(body) as { kind: string; alerts: { key: string }[] };
    return `${kind} ${alerts.map(({ key }) => key).join(' ')}`;
  });
}

const pending = (): Promise<string> => readFile(path.join(directory, 'alerts', 'outbox.jsonl'), 'utf8');

test('what a look finds reaches the receiver once, and its end too', async () => {
  await using alerter = await started();
  await alerter.observe(situation(conditionOf('a')));
  await server.has(1);
  await alerter.observe(situation(conditionOf('a')));
  await alerter.observe(situation());
  await server.has(2);
  expect(told()).toEqual(['firing a', 'resolved a']);
  await vi.waitFor(async () => expect(await pending()).not.toContain('"letter"'));
  expect(said).toEqual([]);
});

test('what a receiver that is away was to be told reaches it once it is back, over a restart of the monitor', async () => {
  const { port } = server;
  await server[Symbol.asyncDispose]();
  {
    await using alerter = await started();
    await alerter.observe(situation(conditionOf('a')));
    await vi.waitFor(() => expect(said).toHaveLength(1));
    now += 60_000;
    await alerter.observe(situation(conditionOf('b')));
  }
  expect(said).toEqual([expect.stringMatching(/^an alert was not delivered: webhook .*ECONNREFUSED.*\(hint: /)]);
  expect(await pending()).toContain('"letter"');
  await using again = await started();
  server = await httpsReceiver(authority, port);
  await server.has(3);
  expect(told()).toEqual(['firing a', 'firing b', 'resolved a']);
  await again.observe(situation(conditionOf('b')));
  await vi.waitFor(async () => expect(await pending()).not.toContain('"letter"'));
  expect(server.received).toHaveLength(3);
  expect(said).toContain('webhook: it takes alerts again');
});

test('a receiver that hangs holds up neither the look nor another receiver', async () => {
  await using mail = await smtpReceiver(authority);
  const address = { host: '127.0.0.1', port: mail.port, user: undefined, password: undefined };
  const who = { from: 'backup@example.org', to: 'admin@example.org', authorities: [authority.certificate] };
  server.answer = 'hang';
  await using alerter = await started({ receivers: [hookTo(server.url), email({ ...address, ...who })] });
  const before = performance.now();
  await alerter.observe(situation(conditionOf('a')));
  expect(performance.now() - before).toBeLessThan(5000);
  await vi.waitFor(() => expect(mail.mails).toHaveLength(1), { timeout: 10_000 });
  await server.has(1);
});

test('a message that a receiver refuses is given up, and the next gets its turn', async () => {
  server.answer = 422;
  await using alerter = await started();
  await alerter.observe(situation(conditionOf('a')));
  await vi.waitFor(() => expect(said.join('\n')).toContain('an alert is given up'));
  server.answer = 200;
  await alerter.observe(situation(conditionOf('a'), conditionOf('b')));
  await vi.waitFor(() => expect(told().at(-1)).toBe('firing b'));
  expect(told()).toEqual(['firing a', 'firing a', 'firing a', 'firing b']);
});

test('a look that failed ends nothing, and is an alert of its own until one works', async () => {
  await using alerter = await started();
  await alerter.observe(situation(conditionOf('a')));
  const doubt = inDoubt(
    { ...situation(conditionOf('a')), recovery: { rpo: {}, rto: {} } } as unknown as Situation,
    'i/o error',
  );
  await alerter.observe(doubt);
  await server.has(2);
  now += 60_000;
  await alerter.observe(situation(conditionOf('a')));
  await server.has(3);
  expect(told()).toEqual(['firing a', 'firing monitor-blind', 'resolved monitor-blind']);
});

test('a monitor that starts and cannot see ends nothing either, and its heart does not beat', async () => {
  await using pulse = await httpsReceiver(authority);
  const keys = conditionOf('keys');
  const { service: _, ...ofNoService } = keys;
  {
    await using alerter = await started();
    await alerter.observe(situation(ofNoService));
    await vi.waitFor(async () => expect(await pending()).not.toContain('"letter"'));
  }
  await using again = await started({ heartbeat: heartbeat(pulse.url, [authority.certificate]) });
  const expected = { services: ['postgres'], rpoSeconds: 1, rtoSeconds: 1 } as const;
  for (let looks = 0; looks < 4; looks += 1) {
    now += 5 * 3_600_000;
    await again.observe(unseen(expected, instant(), 'the first look is not over'));
  }
  await server.has(3);
  await again.observe(situation());
  await pulse.has(1);
  await server.has(4);
  expect(told()).toEqual([
    'firing keys',
    'firing monitor-blind',
    'repeated monitor-blind',
    'resolved monitor-blind keys',
  ]);
  expect(said).toEqual(['heartbeat held: the monitor cannot see', 'heartbeat held: it works again']);
  expect(pulse.received).toHaveLength(1);
});

test('no secret that the program knows is in a message or on disk', async () => {
  await using alerter = await started();
  const leaky = conditionOf('a', { summary: 'login with marker-secret failed', hint: 'psql -W marker-secret' });
  await alerter.observe(situation(leaky));
  await server.has(1);
  expect(server.received[0]?.body).toContain('login with *** failed');
  expect(server.received[0]?.body + (await pending())).not.toContain('marker-secret');
});

test('a receiver that is added is told what fires', async () => {
  {
    await using alerter = await started({ receivers: [] });
    await alerter.observe(situation(conditionOf('a')));
  }
  await using alerter = await started();
  now += 60_000;
  await alerter.observe(situation(conditionOf('a'), conditionOf('b')));
  await alerter.observe(situation(conditionOf('a'), conditionOf('b')));
  await server.has(1);
  expect(told()).toEqual(['firing a b']);
});

test('the heart beats at every look, and stops when alerts reach nobody', async () => {
  const pulse = await httpsReceiver(authority);
  await using beating = pulse;
  const life = heartbeat(beating.url, [authority.certificate]);
  server.answer = 500;
  await using alerter = await started({ heartbeat: life });
  await alerter.observe(situation(conditionOf('a')));
  await beating.has(1);
  expect(beating.received).toMatchObject([{ method: 'GET', path: '/hooks/token-in-path', body: '' }]);
  now += 3_601_000;
  await alerter.observe(situation(conditionOf('a')));
  expect(said).toContain('heartbeat held: alerts have not been delivered for an hour');
  server.answer = 200;
  await vi.waitFor(async () => expect(await pending()).not.toContain('"letter"'));
  await alerter.observe(situation(conditionOf('a')));
  await beating.has(2);
  expect(beating.received).toHaveLength(2);
});

test('a receiver of states is told at every look, and one that hangs is not asked twice', async () => {
  let calls = 0;
  const { promise, resolve } = Promise.withResolvers<null>();
  const watcher = {
    name: 'watcher',
    where: 'nowhere',
    async tell() {
      calls += 1;
      if (calls === 2) await promise;
      if (calls === 3) throw new Error('no');
    },
  };
  await using alerter = await started({ receivers: [], watchers: [watcher] });
  await alerter.observe(situation(conditionOf('a')));
  await vi.waitFor(() => expect(calls).toBe(1));
  await alerter.observe(situation());
  await alerter.observe(situation());
  expect(calls).toBe(2);
  resolve(null);
  await vi.waitFor(async () => {
    await alerter.observe(situation());
    expect(said).toEqual(['watcher: no', 'watcher: it works again']);
  });
});
