import { setTimeout as delay } from 'node:timers/promises';
import { callAgent } from '../agents/call.ts';
import { socketOf } from '../agents/protocol.ts';
import { asError, BackupError } from '../base/errors.ts';
import type { Service } from '../model/vocabulary.ts';
import { Heartbeat } from './heartbeat.ts';

const PATIENCE_MILLISECONDS = 5000;

/** What is wrong with the daemon of these services, one error each: its loop does not run, or an agent is silent. */
export async function ailments(services: readonly Service[], sockets: string): Promise<BackupError[]> {
  const found = await Promise.all(
    services.map(async (service) => {
      const stale = await new Heartbeat(sockets, service).complaint();
      return stale === undefined ? await pingComplaint(service, sockets) : ill(service, stale);
    }),
  );
  return found.flatMap((each) => each ?? []);
}

async function pingComplaint(service: Service, sockets: string): Promise<BackupError | undefined> {
  const patience = { aliveMilliseconds: PATIENCE_MILLISECONDS, silenceMilliseconds: PATIENCE_MILLISECONDS };
  const address = { service, socket: socketOf(service, sockets), patience };
  const over = new AbortController();
  try {
    await Promise.race([
      callAgent(address, 'ping', {}, new AbortController().signal),
      delay(PATIENCE_MILLISECONDS, undefined, { signal: over.signal }).then(() => {
        throw ill(service, 'its agent does not answer');
      }),
    ]);
    return undefined;
  } catch (error) {
    const failure = asError(error);
    return failure instanceof BackupError ? failure : ill(service, failure.message);
  } finally {
    over.abort();
  }
}

function ill(service: Service, message: string): BackupError {
  return new BackupError(`${service}: ${message}`, {
    kind: 'unreachable',
    hint: `see the log of physics-${service}-backup`,
  });
}
