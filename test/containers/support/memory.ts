import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { docker } from './docker.ts';

const MIB = 1024 ** 2;
const MILLISECONDS_BETWEEN_LOOKS = 250;

/** What a container used at its peak. */
export interface Peak {
  /** Of its processes alone, MiB; looked at several times a second. */
  readonly processesMiB: number;
  /** With the files that the kernel caches for it and gives up when asked to, MiB: the kernel's own record. */
  readonly withCacheMiB: number;
  readonly limitMiB: number;
  /** Processes that were ended for want of memory. */
  readonly killed: number;
}

/** Looks at the memory of containers, by name, until it is told to stop; one that is not there yet is looked for. */
export function watchMemory(...names: readonly string[]): { stop(): Promise<ReadonlyMap<string, Peak>> } {
  const over = new AbortController();
  const watches = names.map(async (name) => [name, await watch(name, over.signal)] as const);
  return {
    stop: async () => {
      over.abort();
      return new Map(
        (await Promise.all(watches)).flatMap(([name, peak]) => (peak === undefined ? [] : [[name, peak]])),
      );
    },
  };
}

async function watch(name: string, signal: AbortSignal): Promise<Peak | undefined> {
  let peak: Peak | undefined;
  let directory: string | undefined;
  while (!signal.aborted) {
    directory ??= await cgroupOf(name);
    const seen = directory === undefined ? undefined : await look(directory).catch(() => undefined);
    if (seen !== undefined) peak = larger(peak, seen);
    await delay(MILLISECONDS_BETWEEN_LOOKS, undefined, { signal }).catch(() => undefined);
  }
  return peak;
}

function larger(a: Peak | undefined, b: Peak): Peak {
  return a === undefined ? b : { ...b, processesMiB: Math.max(a.processesMiB, b.processesMiB) };
}

/** Its control group, as this machine's file system shows it; undefined while it does not run. */
async function cgroupOf(name: string): Promise<string | undefined> {
  const pid = await docker('inspect', '--format', '{{.State.Pid}}', name).catch(() => '0');
  if (pid === '0') return undefined;
  const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  const [, first] = /^\d+:memory:(.+)$/m.exec(groups) ?? []; // cgroups(7), version 1
  if (first !== undefined) return path.join('/sys/fs/cgroup/memory', first);
  const [, second] = /^0::(.+)$/m.exec(groups) ?? []; // version 2
  return second === undefined ? undefined : path.join('/sys/fs/cgroup', second);
}

async function look(directory: string): Promise<Peak> {
  const read = (name: string): Promise<string> => readFile(path.join(directory, name), 'utf8');
  const stat = await read('memory.stat');
  const second = await read('memory.peak').catch(() => undefined);
  if (second !== undefined)
    return {
      processesMiB: field(stat, 'anon') / MIB,
      withCacheMiB: Number(second) / MIB,
      limitMiB: Number(await read('memory.max')) / MIB,
      killed: field(await read('memory.events'), 'oom_kill'),
    };
  return {
    processesMiB: field(stat, 'total_rss') / MIB,
    withCacheMiB: Number(await read('memory.max_usage_in_bytes')) / MIB,
    limitMiB: Number(await read('memory.limit_in_bytes')) / MIB,
    killed: field(await read('memory.oom_control'), 'oom_kill'),
  };
}

/** A line `name value` of a file of the kernel. */
function field(text: string, name: string): number {
  const [, value] = new RegExp(`^${name} (\\d+)$`, 'm').exec(text) ?? [];
  if (value === undefined) throw new Error(`the kernel says nothing of ${name}`);
  return Number(value);
}
