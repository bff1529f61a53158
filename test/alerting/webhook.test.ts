import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { attempt } from '../../src/alerting/patience.ts';
import { type Receiver, Refused } from '../../src/alerting/receiver.ts';
import { webhook, type WebhookSettings } from '../../src/alerting/webhook.ts';
import { asError } from '../../src/base/errors.ts';
import { never } from '../agents/scene.ts';
import { AT, messageOf } from '../support/alert-messages.ts';
import { conditionOf } from '../support/conditions.ts';
import { type Authority, makeAuthority } from '../support/receivers/authority.ts';
import { type HttpsReceiver, httpsReceiver } from '../support/receivers/https.ts';

let authority: Authority;
let receiver: HttpsReceiver;
beforeAll(async () => {
  authority = await makeAuthority();
});
afterAll(() => authority[Symbol.asyncDispose]());
beforeEach(async () => {
  receiver = await httpsReceiver(authority);
  return () => receiver[Symbol.asyncDispose]();
});

function hook(more: Partial<WebhookSettings> = {}): Receiver {
  const authorities = [authority.certificate];
  return webhook({
    url: receiver.url,
    format: 'generic',
    secret: undefined,
    authorities,
    clock: { now: () => AT },
    ...more,
  });
}

async function failure(to: Receiver, seconds = 20): Promise<Error> {
  return await attempt((signal) => to.send(messageOf(), signal), never, seconds).then(
    () => expect.unreachable('it was delivered'),
    asError,
  );
}

describe('the generic body', () => {
  test('says all that is known, under names that stay', async () => {
    const worst = conditionOf('b', { severity: 'critical', type: 'daily', volume: 'data' });
    await hook().send(messageOf('firing', [worst, conditionOf('a')]), never);
    const [{ method, path, headers, body } = {}] = receiver.received;
    expect({ method, path, type: headers?.['content-type'], id: headers?.['idempotency-key'] }).toEqual({
      method: 'POST',
      path: '/hooks/token-in-path',
      type: 'application/json; charset=utf-8',
      id: encodeURIComponent(`firing:platform:${AT}`),
    });
    expect(JSON.parse(body ?? '')).toEqual({
      version: 1,
      source: 'physics-backup',
      id: `firing:platform:${AT}`,
      kind: 'firing',
      at: AT,
      group: 'platform',
      title: 'critical: BackupStale postgres daily data, and 1 more, needs attention',
      alerts: [
        { ...worst, since: AT },
        { ...conditionOf('a'), since: AT },
      ],
      left: 0,
    });
  });

  test('is signed where there is a secret: over the time and the bytes', async () => {
    await hook({ secret: 'signing-secret' }).send(messageOf(), never);
    const [{ headers, body } = {}] = receiver.received;
    const [, time = '', mac] =
      /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers?.['x-physics-backup-signature'])) ?? [];
    expect(Number(time)).toBe(Date.parse(AT) / 1000);
    expect(mac).toBe(createHmac('sha256', 'signing-secret').update(`${time}.${body}`).digest('hex'));
    await hook().send(messageOf(), never);
    expect(receiver.received[1]?.headers).not.toHaveProperty('x-physics-backup-signature');
  });

  test('shows fifty alerts, and says how many it leaves out', async () => {
    const many = Array.from({ length: 60 }, (_, index) => conditionOf(String(index)));
    await hook().send(messageOf('firing', many), never);
    const { alerts, left } = JSON.parse(receiver.received[0]?.body ?? '') as { alerts: unknown[]; left: number };
    expect([alerts.length, left]).toEqual([50, 10]);
  });
});

test("Slack's body has a line of text and an attachment for each alert, and mentions nobody", async () => {
  const hostile = conditionOf('a', { summary: '<!channel> & <https://evil.example|here>' });
  await hook({ format: 'slack' }).send(messageOf('repeated', [hostile]), never);
  await hook({ format: 'slack' }).send(messageOf('resolved', [hostile]), never);
  const [still, over] = receiver.received.map(
    ({ body }) => JSON.parse(body) as { text: string; attachments: object[] },
  );
  expect(still?.text).toBe('Physics Assistant backup: warning: BackupStale postgres still needs attention');
  expect(still?.attachments).toMatchObject([
    {
      color: '#d68910',
      title: 'warning: BackupStale postgres',
      text: `&lt;!channel&gt; &amp; &lt;https://evil.example|here&gt;\nsince ${AT}\nwhat helps: \`physics-backup status\``,
    },
  ]);
  expect(over?.text).toBe('Physics Assistant backup: resolved: BackupStale postgres is over');
  expect(over?.attachments).toMatchObject([
    { color: '#1e8449', text: expect.not.stringContaining('what helps') as string },
  ]);
});

describe('what goes wrong is said with its host, and never with its address', () => {
  const address = (): string => `webhook \\(127\\.0\\.0\\.1:${receiver.port}\\)`;

  test.each([
    [500, 'unreachable', 'it is tried again'],
    [429, 'unreachable', 'it is tried again'],
    [401, 'denied', 'see whether WEBHOOK_URL is right'],
    [404, 'missing', 'see whether WEBHOOK_URL is right'],
    [302, 'unreachable', 'see whether WEBHOOK_URL is right'],
  ])('an answer of %i', async (status, kind, hint) => {
    receiver.answer = status;
    const error = await failure(hook());
    expect(error).toMatchObject({
      kind,
      hint,
      message: expect.stringMatching(new RegExp(`^${address()} answered ${status}$`)) as string,
    });
    expect(error).not.toBeInstanceOf(Refused);
    expect(receiver.received).toHaveLength(1); // a redirect is not followed
  });

  test.each([400, 413, 422])('an answer of %i is about the message, not the receiver', async (status) => {
    receiver.answer = status;
    expect(await failure(hook())).toBeInstanceOf(Refused);
  });

  test('a server that is not trusted is sent nothing', async () => {
    const error = await failure(hook({ authorities: [] }));
    expect(error).toMatchObject({ kind: 'unreachable', hint: 'name its authority in ALERT_CA_FILE' });
    expect(receiver.received).toEqual([]);
  });

  test('a name that its certificate does not have is sent nothing', async () => {
    const error = await failure(hook({ url: receiver.url.replace('127.0.0.1', '127.0.0.2') }));
    expect(error).toMatchObject({ kind: 'unreachable' });
    expect(receiver.received).toEqual([]);
  });

  test('nobody listens', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const error = await failure(hook({ url: `https://127.0.0.1:${port}/token-in-path` }));
    expect(error.message).toBe(`webhook (127.0.0.1:${port}): connect ECONNREFUSED 127.0.0.1:${port}`);
  });

  test('one that hangs, at any point, ends with its time', async () => {
    receiver.answer = 'hang';
    expect(await failure(hook(), 0.5)).toMatchObject({ kind: 'timeout' });
    const mute = net.createServer().listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as AddressInfo;
    const held = once(mute, 'connection') as Promise<[net.Socket]>;
    expect(await failure(hook({ url: `https://127.0.0.1:${port}/` }), 0.5)).toMatchObject({ kind: 'timeout' });
    const [socket] = await held;
    socket.on('error', () => undefined).resume();
    if (!socket.closed) await once(socket, 'close'); // ours was closed
    mute.close();
  });

  test('neither the path, nor a password, nor the answer is in any error', async () => {
    const secretive = receiver.url.replace('https://', 'https://user:password-in-url@');
    for (const answer of [500, 404, 400, 302] as const) {
      receiver.answer = answer;
      const error = await failure(hook({ url: secretive, secret: 'signing-secret' }));
      const said = JSON.stringify([error.message, error.stack, error, String(error.cause)]);
      expect(said).not.toMatch(/token-in|password-in-url|signing-secret/);
    }
    const error = await failure(hook({ url: secretive, authorities: [] }));
    expect(`${error.stack} ${JSON.stringify(error)}`).not.toMatch(/token-in|password-in-url/);
  });
});
