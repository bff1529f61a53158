import { createServer } from 'node:net';
import { BackupError } from '../base/errors.ts';

/** A TCP port of the loopback interface that was free a moment ago; whoever binds it must expect to lose the race. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  probe.once('error', reject).listen(0, '127.0.0.1', () => resolve(undefined));
  await promise;
  const address = probe.address();
  await new Promise((done) => probe.close(done));
  if (address === null || typeof address === 'string')
    throw new BackupError('no free port for a sandbox', { kind: 'failed' });
  return address.port;
}
