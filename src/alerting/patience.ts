/** Seconds that one attempt may take: a receiver that hangs holds up nobody but itself. */
export const ATTEMPT_SECONDS = 20;

/** Runs an attempt under its time limit; the signal that it is given also ends with the daemon's. */
export async function attempt<T>(
  work: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  seconds = ATTEMPT_SECONDS,
): Promise<T> {
  return await work(AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]));
}
