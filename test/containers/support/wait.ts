import { setTimeout as delay } from 'node:timers/promises';

/** Waits until something holds; fails after so many seconds, which a busy machine does not need. */
export async function until(what: string, holds: () => Promise<boolean>, seconds = 900): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`after ${seconds} s still not: ${what}`);
    await delay(200);
  }
}
