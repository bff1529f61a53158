import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { email, type EmailSettings } from '../../src/alerting/email.ts';
import { attempt } from '../../src/alerting/patience.ts';
import { Refused } from '../../src/alerting/receiver.ts';
import { asError } from '../../src/base/errors.ts';
import { never } from '../agents/scene.ts';
import { AT, messageOf } from '../support/alert-messages.ts';
import { conditionOf } from '../support/conditions.ts';
import { type Authority, makeAuthority } from '../support/receivers/authority.ts';
import { smtpReceiver } from '../support/receivers/smtp.ts';

let authority: Authority;
beforeAll(async () => {
  authority = await makeAuthority();
});
afterAll(() => authority[Symbol.asyncDispose]());

function settingsFor({ port }: { readonly port: number }, more: Partial<EmailSettings> = {}): EmailSettings {
  const login = { user: 'backup', password: 'smtp-password' };
  const who = { from: 'backup@example.org', to: 'admin@example.org, night@example.org' };
  return { host: '127.0.0.1', port, ...login, ...who, authorities: [authority.certificate], ...more };
}

async function failure(settings: EmailSettings, seconds = 20): Promise<Error> {
  return await attempt((signal) => email(settings).send(messageOf(), signal), never, seconds).then(
    () => expect.unreachable('it was delivered'),
    asError,
  );
}

test('a mail says in its subject what it is about, and in its text what helps; over TLS, logged in', async () => {
  await using server = await smtpReceiver(authority);
  const worst = conditionOf('b', { name: 'BackupFailed', severity: 'critical', type: 'daily', summary: 'no space: ä' });
  await email(settingsFor(server)).send(messageOf('firing', [worst, conditionOf('a')]), never);
  expect(server.mails).toMatchObject([
    { from: 'backup@example.org', to: ['admin@example.org', 'night@example.org'], user: 'backup', secure: true },
  ]);
  const [{ text } = { text: '' }] = server.mails;
  expect(text.replaceAll('\r\n ', ' ')).toMatch(
    /^Subject: Physics Assistant backup: critical: BackupFailed postgres daily, and 1\s+more,\s+needs attention\r$/m,
  );
  expect(text).toMatch(/^Auto-Submitted: auto-generated\r$/m);
  expect(text).toMatch(/^Message-ID: <[0-9a-f]{32}@physics-backup>\r$/m);
  expect(text).toContain(`since ${AT}`);
  expect(text).toContain('what helps: physics-backup status');
  await email(settingsFor(server)).send(messageOf('resolved'), never);
  expect(server.mails[1]?.text).toMatch(/resolved: BackupStale postgres is over/);
  expect(server.mails[1]?.text).not.toContain('what helps');
});

test('a line end in what is told adds no header', async () => {
  await using server = await smtpReceiver(authority);
  const hostile = conditionOf('x', {
    name: 'A\r\nBcc: thief@example.org',
    summary: 'b\r\n.\r\nMAIL FROM:<x@example.org>',
  });
  await email(settingsFor(server)).send(messageOf('firing', [hostile]), never);
  expect(server.mails).toMatchObject([{ to: ['admin@example.org', 'night@example.org'] }]);
  expect(server.mails[0]?.text.split('\r\n\r\n')[0]).not.toMatch(/^Bcc:/m);
});

test('a server that offers no STARTTLS is told nothing: no login, no mail', async () => {
  await using server = await smtpReceiver(authority, { hideSTARTTLS: true, disabledCommands: ['STARTTLS'] });
  expect(await failure(settingsFor(server))).toMatchObject({ kind: 'unreachable' });
  expect([server.logins, server.mails]).toEqual([[], []]);
});

test('a server that is not trusted is told nothing', async () => {
  await using server = await smtpReceiver(authority);
  const error = await failure(settingsFor(server, { authorities: [] }));
  expect(error).toMatchObject({ kind: 'unreachable', hint: 'name its authority in ALERT_CA_FILE' });
  expect([server.logins, server.mails]).toEqual([[], []]);
});

test('a wrong password is said, and not repeated, though the server repeats it', async () => {
  await using server = await smtpReceiver(authority);
  const error = await failure(settingsFor(server, { password: 'wrong-password' }));
  expect(error).toMatchObject({ kind: 'denied', hint: 'see EMAIL_SMTP_USERNAME and EMAIL_SMTP_PASSWORD' });
  expect(error.message).toContain('no such login: *** ***');
  expect(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toContain('wrong-password');
  expect(server.mails).toEqual([]);
});

test('a message that is refused for good is told apart from a server that is busy', async () => {
  await using server = await smtpReceiver(authority);
  server.refuse = { code: 554, text: '5.7.1 looks like spam' };
  expect(await failure(settingsFor(server))).toBeInstanceOf(Refused);
  server.refuse = { code: 451, text: '4.7.1 come back later' };
  const later = await failure(settingsFor(server));
  expect(later).not.toBeInstanceOf(Refused);
  expect(later.message).toContain('come back later');
});

test('one that hangs ends with its time, and its connection with it', async () => {
  const mute = net.createServer().listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const held = once(mute, 'connection') as Promise<[net.Socket]>;
  expect(await failure(settingsFor(mute.address() as AddressInfo), 0.5)).toMatchObject({ kind: 'timeout' });
  const [socket] = await held;
  socket.on('error', () => undefined).resume();
  if (!socket.closed) await once(socket, 'close');
  mute.close();
});

test('nobody listens', async () => {
  const error = await failure(settingsFor({ port: 1 }));
  expect(error).toMatchObject({ kind: 'unreachable', message: expect.stringContaining('ECONNREFUSED') as string });
});
