import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const BETWEEN_SAMPLES_MILLISECONDS = 2000;

/** Bytes of memory that a process holds now; undefined once it has ended. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/** What processes held over time, by name. */
export type MemorySamples = ReadonlyMap<string, readonly number[]>;

/** Looks at processes every two seconds until the signal is aborted. */
export async function watchMemory(pids: ReadonlyMap<string, number>, signal: AbortSignal): Promise<MemorySamples> {
  const samples = new Map([...pids.keys()].map((name) => [name, [] as number[]]));
  while (!signal.aborted) {
    for (const [name, pid] of pids) {
      const bytes = await residentBytes(pid);
      if (bytes !== undefined) samples.get(name)?.push(bytes);
    }
    await delay(BETWEEN_SAMPLES_MILLISECONDS, undefined, { signal }).catch(() => undefined);
  }
  return samples;
}

/** The middle one of a part of the samples, from one share of the time to another. */
export function medianOf(samples: readonly number[], from: number, to: number): number {
  const part = samples
    .slice(Math.floor(samples.length * from), Math.ceil(samples.length * to))
    .toSorted((a, b) => a - b);
  return part[Math.floor(part.length / 2)] ?? Number.NaN;
}
