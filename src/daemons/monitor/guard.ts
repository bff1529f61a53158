import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { problem } from './problem.ts';

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

/** What no browser must do with anything of ours, on every answer; what an answer says itself stands. */
export const securityHeaders: MiddlewareHandler = async (context, next) => {
  await next();
  secure(context.res);
};

/** The same for an answer that never came so far. */
export function secure(response: Response): Response {
  for (const [name, value] of Object.entries(HEADERS))
    if (!response.headers.has(name)) response.headers.set(name, value);
  return response;
}

/** Nothing here can be changed by a request, and no address of ours is long. */
export const readOnly: MiddlewareHandler = async (context, next) => {
  const { method, url } = context.req;
  if (method !== 'GET' && method !== 'HEAD')
    return problem(405, 'this server answers GET and HEAD', { allow: 'GET, HEAD' });
  if (url.length > LONGEST_ADDRESS) return problem(414, `an address has at most ${LONGEST_ADDRESS} characters`);
  return await next();
};

/** Asks for the token: as bearer, or as the password of any user, which is what a browser asks a person for. */
export function tokenGuard(token: string, open: readonly string[]): MiddlewareHandler {
  const wanted = digest(token);
  return async (context, next) => {
    if (open.includes(context.req.path)) return await next();
    if (timingSafeEqual(digest(offered(context)), wanted)) return await next();
    const challenge = 'Bearer realm="physics-backup", Basic realm="physics-backup", charset="UTF-8"';
    return problem(401, 'a token is needed', { 'www-authenticate': challenge });
  };
}

function offered(context: Context): string {
  const [, scheme = '', credentials = ''] = /^(\w+) +(\S+)$/.exec(context.req.header('authorization') ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return credentials;
  if (scheme.toLowerCase() !== 'basic') return '';
  const pair = Buffer.from(credentials, 'base64').toString('utf8');
  return pair.slice(pair.indexOf(':') + 1);
}

/** Of the same length whatever was offered: a comparison of them takes the same time. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
