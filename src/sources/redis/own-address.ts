import { once } from 'node:events';
import { connect } from 'node:net';
import { BackupError, reason, throwIfAborted } from '../../base/errors.ts';
import type { RedisSettings } from './settings.ts';

const PATIENCE_MILLISECONDS = 10_000;

/**
 * Where the live server can connect to a sandbox of this process: where we were told, or the address that a connection
 * to the server comes from. On the same machine that is the loopback, in a container its own on the common network.
 */
export async function sandboxHost(
  { sandboxHost: told, host, port }: RedisSettings,
  signal: AbortSignal,
): Promise<string> {
  if (told !== undefined) return told;
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect', { signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MILLISECONDS)]) });
    return addressOf(socket.localAddress ?? '');
  } catch (cause) {
    throwIfAborted(signal);
    const details = { kind: 'unreachable', hint: 'check REDIS_HOST and REDIS_PORT', cause } as const;
    throw new BackupError(`redis: no connection to ${host}:${port}: ${reason(cause)}`, details);
  } finally {
    socket.destroy();
  }
}

/** Of IPv4 in IPv6, the IPv4 address; of any loopback, the one that every machine has. */
function addressOf(local: string): string {
  const address = local.replace(/^::ffff:/, '');
  return address === '::1' || address.startsWith('127.') ? '127.0.0.1' : address;
}
