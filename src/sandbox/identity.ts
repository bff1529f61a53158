import { readdir, readFile } from 'node:fs/promises';

/** In the environment of every server of a sandbox and so of all its descendants: the sandbox's directory. */
export const SANDBOX_MARK = 'PHYSICS_BACKUP_SANDBOX';

/**
 * When a process started: the boot it belongs to and the clock ticks since then (proc_pid_stat(5), field 22).
 * With the pid it names one process for ever. Undefined when there is none.
 */
export async function processStartTime(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The command name, field 2, is in parentheses and may hold spaces and parentheses itself.
  const ticks = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  if (ticks === undefined) return undefined;
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
  return `${boot.trim()}/${ticks}`;
}

/** Processes that carry the mark of this directory: a launcher's children too, which escape PR_SET_PDEATHSIG. */
export async function processesOfSandbox(directory: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const marked = await Promise.all(pids.map((pid) => carriesMark(pid, directory)));
  return pids.filter((pid, at) => marked[at] === true && pid !== process.pid);
}

async function carriesMark(pid: number, directory: string): Promise<boolean> {
  // Unreadable: gone, or another user's and so not ours.
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  return environment.split('\0').includes(`${SANDBOX_MARK}=${directory}`);
}
