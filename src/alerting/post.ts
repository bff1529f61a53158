import https from 'node:https';
import tls from 'node:tls';
import { BackupError, type ErrorKind, reason } from '../base/errors.ts';
import { request as httpRequest } from '../base/http.ts';
import { Refused } from './receiver.ts';

/** An HTTP address to which things are sent. */
export interface Endpoint {
  /** For messages: `webhook`. */
  readonly name: string;
  /** May be a secret as a whole: only its host is ever shown. */
  readonly url: string;
  /** The variable that holds it, for hints. */
  readonly variable: string;
  /** Certificates (PEM) of authorities to trust beside those of the system. */
  readonly authorities: readonly string[];
}

export interface Sent {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends a request and reads no more of the answer than its status: redirects are not followed, answers not shown. */
export async function send(endpoint: Endpoint, { method, headers, body }: Sent, signal: AbortSignal): Promise<void> {
  const url = new URL(endpoint.url);
  const options = {
    method,
    headers: { 'user-agent': 'physics-backup', ...headers, 'content-length': Buffer.byteLength(body ?? '') },
    agent: false,
    signal,
    ...authorities(endpoint),
  };
  const status = await new Promise<number>((resolve, reject) => {
    const request = (url.protocol === 'https:' ? https.request : httpRequest)(url, options, (response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    request.on('error', (cause) => reject(unreachable(placeOf(endpoint), cause, signal)));
    request.end(body);
  });
  if (status < 200 || status > 299) throw unwelcome(endpoint, status);
}

/** Host and port. */
export function hostOf({ url }: Pick<Endpoint, 'url'>): string {
  return new URL(url).host;
}

function placeOf(endpoint: Endpoint): string {
  return `${endpoint.name} (${hostOf(endpoint)})`;
}

/** Trust in own authorities comes beside that in the system's. */
export function authorities({ authorities: own }: Pick<Endpoint, 'authorities'>): { ca?: string[] } {
  return own.length === 0 ? {} : { ca: [...tls.getCACertificates('default'), ...own] };
}

/** What came between us and a receiver, as an error; `signal` is that of its time limit. */
export function unreachable(place: string, cause: unknown, signal: AbortSignal): BackupError {
  if (cause instanceof BackupError) return cause;
  if (signal.aborted) {
    const hint = 'see whether that server works';
    return new BackupError(`${place} did not answer in time`, { kind: 'timeout', hint, retrySafe: true });
  }
  return new BackupError(`${place}: ${reason(cause)}`, { kind: 'unreachable', hint: hintOf(cause), retrySafe: true });
}

function hintOf(cause: unknown): string {
  const untrusted = /certificate|issuer|self-signed/i.test(reason(cause));
  return untrusted ? 'name its authority in ALERT_CA_FILE' : 'see whether it runs and can be reached from here';
}

const KINDS: Readonly<Record<number, ErrorKind>> = { 401: 'denied', 403: 'denied', 404: 'missing', 410: 'missing' };
/** Answers that say something about the message, and not about the receiver. */
const REFUSALS: readonly number[] = [400, 413, 415, 422];

function unwelcome(endpoint: Endpoint, status: number): BackupError {
  const message = `${placeOf(endpoint)} answered ${status}`;
  if (REFUSALS.includes(status))
    return new Refused(message, `see what it takes, and whether ${endpoint.variable} fits`);
  const redirect = status >= 300 && status < 400;
  const hint = redirect || status in KINDS ? `see whether ${endpoint.variable} is right` : 'it is tried again';
  return new BackupError(message, { kind: KINDS[status] ?? 'unreachable', hint, retrySafe: true });
}
