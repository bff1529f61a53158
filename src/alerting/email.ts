import { createHash } from 'node:crypto';
import net from 'node:net';
import { BackupError, reason } from '../base/errors.ts';
import type { AlertMessage } from '../model/alerts.ts';
import { authorities, unreachable } from './post.ts';
import { type Receiver, Refused } from './receiver.ts';
import { textOf, titleOf } from './wording.ts';

export interface EmailSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly from: string;
  /** One address, or several separated by commas. */
  readonly to: string;
  readonly authorities: readonly string[];
}

/** Port of SMTP over TLS from the first byte (RFC 8314); on any other, STARTTLS is insisted upon. */
const SUBMISSIONS = 465;

/** Mails each message. Nothing is said to a server that offers no TLS, least of all a password. */
export function email(settings: EmailSettings): Receiver {
  const where = `${settings.host}:${settings.port}`;
  return {
    name: 'email',
    where,
    async send(message, signal) {
      const socket = net.connect({ host: settings.host, port: settings.port });
      const abort = (): void => void socket.destroy(new Error('aborted'));
      signal.addEventListener('abort', abort, { once: true });
      try {
        await connected(socket);
        await hand(message, socket, settings);
      } catch (error) {
        throw failure(`email (${where})`, error, settings, signal);
      } finally {
        signal.removeEventListener('abort', abort);
        socket.destroy();
      }
    },
  };
}

async function hand(message: AlertMessage, socket: net.Socket, settings: EmailSettings): Promise<void> {
  const { createTransport } = await import('nodemailer');
  const { host, port, user, password, from, to } = settings;
  const transport = createTransport({
    connection: socket,
    host,
    port,
    secure: port === SUBMISSIONS,
    requireTLS: true,
    disableFileAccess: true,
    disableUrlAccess: true,
    tls: { ...authorities(settings), ...(net.isIP(host) === 0 ? { servername: host } : {}) },
    ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
  });
  const id = createHash('sha256').update(message.id).digest('hex').slice(0, 32);
  await transport.sendMail({
    from,
    to,
    subject: `Physics Assistant backup: ${titleOf(message)}`,
    text: `${textOf(message)}\n`,
    messageId: `<${id}@physics-backup>`,
    date: new Date(message.at),
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Physics-Backup-Id': message.id },
  });
}

/** Resolves once the server answers; an abort destroys the socket. */
function connected(socket: net.Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed')));
  });
}

/** What nodemailer says of a failure: its code, the command, and the server's answer. */
interface Complaint {
  readonly code?: string;
  readonly command?: string;
  readonly responseCode?: number;
}

function failure(place: string, thrown: unknown, { user, password }: EmailSettings, signal: AbortSignal): BackupError {
  const { code, responseCode = 0, command } = thrown as Complaint;
  // A server may repeat what it was told.
  const said = [password, user].reduce<string>(
    (text, secret) => (secret === undefined || secret === '' ? text : text.replaceAll(secret, '***')),
    reason(thrown),
  );
  if (signal.aborted) return unreachable(place, thrown, signal);
  if (code === 'EAUTH') {
    const hint = 'see EMAIL_SMTP_USERNAME and EMAIL_SMTP_PASSWORD';
    return new BackupError(`${place} does not let us in: ${said}`, { kind: 'denied', hint });
  }
  if (command === 'DATA' && responseCode >= 500)
    return new Refused(`${place} refused the message: ${said}`, 'ask who runs it');
  if (code === 'EENVELOPE')
    return new BackupError(`${place}: ${said}`, { kind: 'denied', hint: 'see BACKUP_EMAIL_TO and BACKUP_EMAIL_FROM' });
  return unreachable(place, new Error(said), signal);
}
