import { createHash, timingSafeEqual } from 'node:crypto';
import { type Answer, type Asked, problem } from './exchange.ts';

/** Longer than any address of ours. */
const LONGEST_ADDRESS = 2048;

/** Only what this server itself sends may be shown, run or fetched; markup made by scripts goes through one policy. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types dashboard',
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'cache-control': 'no-store',
};

/** With what no browser must do with anything of ours; what an answer says itself stands. */
export function secure(answer: Answer): Answer {
  return { ...answer, headers: { ...HEADERS, ...answer.headers } };
}

/** Why a request is refused, if it is. */
export type Guard = (asked: Asked) => Answer | undefined;

/** Nothing here can be changed by a request, and no address of ours is long. */
export const readOnly: Guard = ({ method, addressLength }) => {
  if (method !== 'GET' && method !== 'HEAD')
    return problem(405, 'this server answers GET and HEAD', { allow: 'GET, HEAD' });
  if (addressLength <= LONGEST_ADDRESS) return undefined;
  return problem(414, `an address has at most ${LONGEST_ADDRESS} characters`);
};

/** Asks for the token: as bearer, or as the password of any user, which is what a browser asks a person for. */
export function tokenGuard(token: string, open: readonly string[]): Guard {
  const wanted = digest(token);
  return ({ path, authorization = '' }) => {
    if (open.includes(path) || timingSafeEqual(digest(offered(authorization)), wanted)) return undefined;
    const challenge = 'Bearer realm="physics-backup", Basic realm="physics-backup", charset="UTF-8"';
    return problem(401, 'a token is needed', { 'www-authenticate': challenge });
  };
}

function offered(authorization: string): string {
  const [, scheme = '', credentials = ''] = /^(\w+) +(\S+)$/.exec(authorization) ?? [];
  if (scheme.toLowerCase() === 'bearer') return credentials;
  if (scheme.toLowerCase() !== 'basic') return '';
  const pair = Buffer.from(credentials, 'base64').toString('utf8');
  return pair.slice(pair.indexOf(':') + 1);
}

/** Of the same length whatever was offered: a comparison of them takes the same time. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
