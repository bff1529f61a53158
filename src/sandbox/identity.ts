import { readdir, readFile, readlink } from 'node:fs/promises';

/** In the environment of every server of a sandbox and so of all its descendants: the sandbox's directory. */
export const SANDBOX_MARK = 'PHYSICS_BACKUP_SANDBOX';

/**
 * When a process started: the boot it belongs to, the namespace that its pid is one of (pid_namespaces(7): every
 * container has its own), and the clock ticks since the boot (proc_pid_stat(5), field 22). With the pid it names one
 * process for ever. Undefined when there is none.
 */
export async function processStartTime(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The command name, field 2, is in parentheses and may hold spaces and parentheses itself.
  const ticks = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  if (ticks === undefined) return undefined;
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
  return `${boot.trim()}/${await readlink('/proc/self/ns/pid')}/${ticks}`;
}

/** Processes that carry the mark of this directory: a launcher's children too, which escape PR_SET_PDEATHSIG. */
export async function processesOfSandbox(directory: string): Promise<number[]> {
  const marked = await markedProcesses();
  return marked.filter((each) => each.directory === directory).map((each) => each.pid);
}

/** A process of a sandbox, whichever run started it, if it is in sight: those of other containers are not. */
export interface MarkedProcess {
  readonly pid: number;
  readonly directory: string;
}

export async function markedProcesses(): Promise<MarkedProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const directories = await Promise.all(pids.map((pid) => markOf(pid)));
  return pids.flatMap((pid, at) => {
    const directory = directories[at];
    return directory === undefined || pid === process.pid ? [] : [{ pid, directory }];
  });
}

async function markOf(pid: number): Promise<string | undefined> {
  // Unreadable: gone, or another user's and so not ours.
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  const mark = `${SANDBOX_MARK}=`;
  return environment
    .split('\0')
    .find((each) => each.startsWith(mark))
    ?.slice(mark.length);
}
