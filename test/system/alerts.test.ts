import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { AlertOutbox } from '../../src/records/alert-outbox.ts';
import { AT, messageOf } from '../support/alert-messages.ts';
import { conditionOf } from '../support/conditions.ts';
import { type RunningAlertmanager, startAlertmanager } from '../support/receivers/alertmanager.ts';
import { type Authority, makeAuthority } from '../support/receivers/authority.ts';
import { type HttpsReceiver, httpsReceiver } from '../support/receivers/https.ts';
import { type SmtpReceiver, smtpReceiver } from '../support/receivers/smtp.ts';
import { startMonitor } from '../support/system/monitor-process.ts';
import { complaintOf, documentOf } from '../support/system/program.ts';
import { openSite, type Site } from '../support/system/site.ts';

let authority: Authority;
let hook: HttpsReceiver;
let mail: SmtpReceiver;
let manager: RunningAlertmanager;
let site: Site;
const open = new AsyncDisposableStack();
beforeAll(async () => {
  authority = open.use(await makeAuthority());
  hook = open.use(await httpsReceiver(authority));
  mail = open.use(await smtpReceiver(authority));
  manager = open.use(await startAlertmanager());
  const secret = path.join(path.dirname(authority.file), 'webhook-url');
  await writeFile(secret, `${hook.url}\n`);
  site = open.use(
    await openSite(['application'], {
      APPLICATION_PATHS: 'uploads=/nowhere',
      WEBHOOK_URL_FILE: secret,
      WEBHOOK_SECRET: 'marker-signing',
      BACKUP_EMAIL_ENABLED: 'true',
      BACKUP_EMAIL_TO: 'admin@example.org',
      EMAIL_SMTP_HOST: '127.0.0.1',
      EMAIL_SMTP_PORT: String(mail.port),
      EMAIL_SMTP_USERNAME: 'backup',
      EMAIL_SMTP_PASSWORD: 'smtp-password',
      ALERTMANAGER_URL: manager.url,
      HEARTBEAT_URL: hook.url.replace('token-in-path', 'token-in-heartbeat'),
      ALERT_CA_FILE: authority.file,
    }),
  );
});
afterAll(() => open.disposeAsync());

const SECRETS = /token-in|marker-signing|smtp-password/;

test('"alerts test" reaches each receiver and says so', async () => {
  const run = await site.run(['alerts', 'test']);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  const lines = run.stdout.trimEnd().split('\n');
  expect(lines.map((line) => [line.split(/\s+/)[0], line.split(/\s+/).at(-1)])).toEqual([
    ['RECEIVER', 'RESULT'],
    ['webhook', 'delivered'],
    ['email', 'delivered'],
    ['alertmanager', 'delivered'],
    ['heartbeat', 'delivered'],
  ]);
  expect(hook.received.map((each) => `${each.method} ${each.path}`).toSorted()).toEqual([
    'GET /hooks/token-in-heartbeat',
    'POST /hooks/token-in-path',
  ]);
  expect(mail.mails[0]).toMatchObject({ from: 'admin@example.org', to: ['admin@example.org'], secure: true });
  expect(mail.mails[0]?.text).toContain('this is a test: nothing is wrong');
  await manager.shows((alerts) => alerts.some(({ labels }) => labels['alertname'] === 'BackupAlertTest'));
  expect(run.stdout).not.toMatch(SECRETS);
});

test('of receivers that fail each is said, with the code of the worst; the others get theirs', async () => {
  const before = mail.mails.length;
  hook.answer = 404;
  const run = await site.run(['--json', 'alerts', 'test'], { environment: { EMAIL_SMTP_PASSWORD: 'smtp-password-2' } });
  hook.answer = 200;
  const document = documentOf(run);
  expect(run.code).toBe(7);
  expect(document['receivers']).toMatchObject([
    { receiver: 'webhook', where: `127.0.0.1:${hook.port}`, error: `webhook (127.0.0.1:${hook.port}) answered 404` },
    { receiver: 'email', error: expect.stringContaining('does not let us in') as string },
    { receiver: 'alertmanager', error: null },
    { receiver: 'heartbeat', error: expect.stringContaining('answered 404') as string },
  ]);
  expect(document.errors.map(({ kind }) => kind)).toEqual(['missing', 'denied', 'missing']);
  expect(mail.mails).toHaveLength(before);
  expect(run.stdout + run.stderr).not.toMatch(SECRETS);
});

test('"alerts test" without receivers, and settings that lack something, are exit 2', async () => {
  await using bare = await openSite(['application'], { APPLICATION_PATHS: 'uploads=/nowhere' });
  expect(complaintOf(await bare.run(['alerts', 'test']))).toMatchObject({
    errors: ['there is nobody to send alerts to'],
  });
  const lacking = await bare.run(['alerts', 'test'], { environment: { BACKUP_EMAIL_ENABLED: 'true' } });
  expect(lacking.code).toBe(2);
  expect(complaintOf(lacking).errors).toEqual([
    'BACKUP_EMAIL_ENABLED=true, and BACKUP_EMAIL_TO is not set',
    'BACKUP_EMAIL_ENABLED=true, and EMAIL_SMTP_HOST is not set',
  ]);
  const none = await site.run(['alerts', 'test'], {
    environment: { ALERT_CA_FILE: path.join(site.directory, 'no.pem') },
  });
  expect(none.code).toBe(2);
  expect(complaintOf(none).errors).toEqual([expect.stringMatching(/^ALERT_CA_FILE: .*ENOENT/)]);
  const noise = path.join(site.directory, 'noise.pem');
  await writeFile(noise, 'no certificate');
  const empty = await site.run(['alerts', 'test'], { environment: { ALERT_CA_FILE: noise } });
  expect(complaintOf(empty).errors).toEqual([`ALERT_CA_FILE: ${noise}: there is no certificate in it`]);
  const plain = await site.run(['alerts', 'test'], {
    environment: { WEBHOOK_URL_FILE: '', WEBHOOK_URL: hook.url.replace('https', 'http') },
  });
  expect(plain).toMatchObject({ code: 2, stderr: expect.stringContaining('allowed: an https:// address') as string });
  expect(plain.stderr).not.toMatch(SECRETS);
});

test('a message that was taken as the monitor was killed comes again with the same id, and then no more', async () => {
  await using other = await httpsReceiver(authority);
  await using platform = await openSite(['application'], {
    APPLICATION_PATHS: 'uploads=/nowhere',
    WEBHOOK_URL: other.url,
    ALERT_CA_FILE: authority.file,
  });
  other.answer = 'hang';
  {
    await using monitor = await startMonitor(platform);
    await other.has(1);
    monitor.signal('SIGKILL');
    await monitor.ended;
  }
  other.answer = 200;
  await using again = await startMonitor(platform);
  await other.has(2);
  await vi.waitUntil(
    async () => ((await platform.good(['alerts', 'list']))['pending'] as unknown[]).length === 0,
    60_000,
  );
  const looked = async (): Promise<string> => (await again.situation()).data.at;
  for (let before = await looked(), looks = 0; looks < 3; looks += 1) {
    await vi.waitUntil(async () => (await looked()) !== before, 60_000);
    before = await looked();
  }
  const ids = other.received.map(({ headers }) => headers['idempotency-key']);
  expect(ids).toEqual([ids[0], ids[0]]);
  expect(other.received[1]?.body).toBe(other.received[0]?.body);
});

test('"alerts list" shows what fires and what waits for its receiver; damage is a warning', async () => {
  expect(await site.run(['alerts', 'list'])).toMatchObject({ code: 0, stdout: 'nothing fires\n' });
  const outbox = await AlertOutbox.open(site.state, () => undefined);
  const condition = conditionOf('a', { summary: 'the newest backup is 30 h old', severity: 'critical' });
  const letters = [{ receiver: 'email', message: messageOf() }];
  await outbox.decide({ known: [{ condition, since: AT, toldAt: AT }], ended: [] }, ['email'], letters);
  const run = await site.run(['alerts', 'list']);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(run.stdout).toMatch(/^BackupStale +critical +2026-11-01 02:03:04 UTC +the newest backup is 30 h old$/m);
  expect(run.stdout).toContain('email: 1 message not delivered yet, the oldest of 2026-11-01 02:03:04 UTC');
  expect((await site.good(['alerts', 'list']))['firing']).toMatchObject([{ condition: { key: 'a' }, since: AT }]);
  await writeFile(outbox.file, 'x', { flag: 'a' });
  expect(await site.run(['alerts', 'list'])).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('damaged') as string,
  });
});
