import { createHmac } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { type Endpoint, hostOf, send } from './post.ts';
import type { Receiver } from './receiver.ts';
import { webhookBody, type WebhookFormat } from './webhook-bodies.ts';

export interface WebhookSettings {
  /** HTTPS; a secret as a whole. */
  readonly url: string;
  readonly format: WebhookFormat;
  /** Signs each request, where it is set. */
  readonly secret: string | undefined;
  readonly authorities: readonly string[];
  readonly clock: Clock;
}

/** Posts each message as JSON to an address. */
export function webhook({ url, format, secret, authorities, clock }: WebhookSettings): Receiver {
  const endpoint: Endpoint = { name: 'webhook', url, variable: 'WEBHOOK_URL', authorities };
  return {
    name: 'webhook',
    where: hostOf(endpoint),
    async send(message, signal) {
      const body = webhookBody(message, format);
      const seconds = Math.floor(Date.parse(clock.now()) / 1000);
      const headers = {
        'content-type': 'application/json; charset=utf-8',
        'idempotency-key': encodeURIComponent(message.id),
        ...(secret === undefined ? {} : { 'x-physics-backup-signature': signature(body, secret, seconds) }),
      };
      await send(endpoint, { method: 'POST', headers, body }, signal);
    },
  };
}

/** `t=<Unix time>,v1=<hex>`: HMAC-SHA256 of `<Unix time>.<body>`, so that an old request cannot be sent again. */
function signature(body: string, secret: string, seconds: number): string {
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}
