import { spawn, spawnSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';

/** One finished run of a command. */
export interface Measurement {
  readonly seconds: number;
  /** Peak resident memory of the process itself, MiB (VmHWM). */
  readonly ownMiB: number;
  /** Largest sum of the resident memory of its descendants that was seen, MiB; sampled. */
  readonly childrenMiB: number;
  readonly stdout: string;
}

const SAMPLE_MILLISECONDS = 100;

/**
 * Runs a command to its end; throws when it does not exit with one of `okCodes`. What runs before it left to be written is
 * written first (sync(1)): raw tools leave a gigabyte of it, and whoever writes next would wait for theirs.
 */
export async function measure(
  command: readonly [string, ...string[]],
  environment: Readonly<Record<string, string>>,
  okCodes: readonly number[] = [0],
): Promise<Measurement> {
  const [file, ...args] = command;
  spawnSync('sync');
  const start = performance.now();
  const child = spawn(file, args, {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-4000)));
  const peak = { own: 0, children: 0 };
  const timer = setInterval(() => void sample(child.pid ?? 0, peak), SAMPLE_MILLISECONDS);
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject).once('close', (exit) => resolve(exit ?? 1));
  });
  clearInterval(timer);
  const seconds = (performance.now() - start) / 1000;
  if (!okCodes.includes(code)) throw new Error(`${command.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`);
  return { seconds, ownMiB: peak.own / 1024, childrenMiB: peak.children / 1024, stdout };
}

async function sample(pid: number, peak: { own: number; children: number }): Promise<void> {
  const processes = await allProcesses();
  const descendants = new Set<number>([pid]);
  for (let grown = true; grown;) {
    grown = false;
    for (const { pid: each, parent } of processes) {
      if (!descendants.has(parent) || descendants.has(each)) continue;
      descendants.add(each);
      grown = true;
    }
  }
  const kibibytes = processes
    .filter((each) => each.pid !== pid && descendants.has(each.pid))
    .map((each) => each.resident);
  peak.children = Math.max(
    peak.children,
    kibibytes.reduce((a, b) => a + b, 0),
  );
  peak.own = Math.max(peak.own, processes.find((each) => each.pid === pid)?.peak ?? 0);
}

interface ProcessLine {
  readonly pid: number;
  readonly parent: number;
  readonly resident: number;
  readonly peak: number;
}

/** Every process, from `/proc/<pid>/status` (proc(5)); those that end meanwhile are left out. Sizes in KiB. */
async function allProcesses(): Promise<ProcessLine[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')));
  return lines.map((text, at) => ({
    pid: Number(pids[at]),
    parent: field(text, 'PPid'),
    resident: field(text, 'VmRSS'),
    peak: field(text, 'VmHWM'),
  }));
}

function field(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
}

/** Median, and the whole spread. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
  return { median, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0 };
}
