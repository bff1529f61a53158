import { asError } from '../base/errors.ts';
import { Interrupted } from './exit-codes.ts';
import type { Host } from './host.ts';
import type { Outcome } from './outcome.ts';

/** Runs a daemon. Being stopped is how it ends well; Ctrl-C is an interrupt as anywhere else. */
export async function untilStopped(host: Host, daemon: () => Promise<void>): Promise<Outcome> {
  try {
    await daemon();
  } catch (error) {
    if (asError(error) !== host.signal.reason) throw error; // stopped before it had begun
  }
  const { reason } = host.signal as { reason: unknown };
  const interrupted = reason instanceof Interrupted && reason.exitCode === 130;
  return { data: {}, text: '', errors: interrupted ? [reason] : [] };
}
