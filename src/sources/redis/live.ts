import { setTimeout as delay } from 'node:timers/promises';
import { BackupError, throwIfAborted } from '../../base/errors.ts';
import type { RedisConnection } from '../../sandbox/redis-connection.ts';

/** One setting; an empty text where it is not set. */
export async function getSetting(connection: RedisConnection, name: string): Promise<string> {
  const reply = await connection.send('CONFIG', 'GET', name);
  return Array.isArray(reply) ? String(reply[1] ?? '') : '';
}

/** How long writers stay held back when we die: they go on by themselves then. */
const PAUSE_MILLISECONDS = 30_000;
const RENEW_MILLISECONDS = 10_000;

/** Holds back all writers of the live server until disposed of; reads and replication go on. */
export async function holdWriters(connection: RedisConnection): Promise<AsyncDisposable> {
  const pause = (): Promise<unknown> => connection.send('CLIENT', 'PAUSE', String(PAUSE_MILLISECONDS), 'WRITE');
  await pause();
  const timer = setInterval(() => void pause().catch(() => undefined), RENEW_MILLISECONDS); // a lost server fails the work itself
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await connection.send('CLIENT', 'UNPAUSE').catch(() => undefined);
    },
  };
}

export interface Wait {
  /** What is waited for, in the words of the error. */
  readonly what: string;
  readonly hint: string;
  readonly kind: 'unreachable' | 'failed';
  /** Without any change of the state for so long, waiting ends. */
  readonly patienceMilliseconds: number;
}

const POLL_MILLISECONDS = 25;

/** Polls until `look` says that it is done; its state is any text that changes while there is progress. */
export async function waitUntil(
  look: () => Promise<{ readonly done: boolean; readonly state: string }>,
  wait: Wait,
  signal: AbortSignal,
): Promise<void> {
  let last = '';
  let since = performance.now();
  for (;;) {
    throwIfAborted(signal);
    const { done, state } = await look();
    if (done) return;
    if (state !== last) since = performance.now();
    last = state;
    if (performance.now() - since > wait.patienceMilliseconds)
      throw new BackupError(`redis: ${wait.what}`, { kind: wait.kind, hint: wait.hint });
    await delay(POLL_MILLISECONDS);
  }
}
