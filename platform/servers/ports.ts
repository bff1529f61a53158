import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

// Below the ports that Linux gives to outgoing connections (32768 on), so that none of those takes it meanwhile.
const LOWEST = 10_240;
const HIGHEST = 32_767;

/** A port of 127.0.0.1 that nothing listens on. */
export async function freePort(): Promise<number> {
  const port = randomInt(LOWEST, HIGHEST);
  const probe = createServer();
  try {
    probe.listen({ port, host: '127.0.0.1' });
    await once(probe, 'listening');
    return port;
  } catch {
    return await freePort();
  } finally {
    probe.close();
  }
}
