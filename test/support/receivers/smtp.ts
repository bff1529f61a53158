import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import type { Authority } from './authority.ts';

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly user: string | undefined;
  /** Whether it came over TLS. */
  readonly secure: boolean;
  readonly text: string;
}

/** A mail server that keeps what it is sent; accepts `backup` with `smtp-password`. */
export interface SmtpReceiver extends AsyncDisposable {
  readonly port: number;
  readonly mails: readonly Mail[];
  /** Logins that were tried, over TLS or not. */
  readonly logins: readonly string[];
  /** What it says to the next messages instead of taking them: `554 5.7.1 no`. */
  refuse: { readonly code: number; readonly text: string } | undefined;
}

export async function smtpReceiver(authority: Authority, more: SMTPServerOptions = {}): Promise<SmtpReceiver> {
  const mails: Mail[] = [];
  const logins: string[] = [];
  const server = new SMTPServer({
    ...authority.server,
    authOptional: true,
    logger: false,
    onAuth({ username = '', password = '' }, _session, done) {
      logins.push(username);
      if (username === 'backup' && password === 'smtp-password') return done(null, { user: username });
      return done(Object.assign(new Error(`no such login: ${username} ${password}`), { responseCode: 535 }));
    },
    onData(stream, session, done) {
      let text = '';
      stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      stream.on('end', () => {
        const { refuse } = receiver;
        if (refuse !== undefined) return done(Object.assign(new Error(refuse.text), { responseCode: refuse.code }));
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? '' : mailFrom.address;
        const user = typeof session.user === 'string' ? session.user : undefined;
        mails.push({ from, to: rcptTo.map(({ address }) => address), user, secure: session.secure, text });
        return done();
      });
    },
    ...more,
  });
  server.on('error', () => undefined); // clients that go away
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const receiver: SmtpReceiver = {
    port: (server.server.address() as AddressInfo).port,
    mails,
    logins,
    refuse: undefined,
    async [Symbol.asyncDispose]() {
      const { promise, resolve } = Promise.withResolvers<null>();
      server.close(() => resolve(null));
      await promise;
    },
  };
  return receiver;
}
