import { chmod, chown, mkdir, mkdtemp, readdir, readlink, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from '../../src/base/processes.ts';
import { temporaryDirectory, uid } from '../host.ts';

// PostgreSQL refuses to run as root, and no throwaway server needs to: Debian's nobody owns nothing else.
const NOBODY = 65_534;

/** The user that servers run as: ourselves, or nobody where we are root. */
export const serverUser = uid === 0 ? NOBODY : uid;

/** The command as run by the servers' user. When `dies`, it is killed with the thread that starts it. */
export function asServerUser(command: Command, dies: boolean): Command {
  // A change of user clears the parent-death signal (prctl(2)), so it is set again after it.
  const user = uid === 0 ? ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups'] : [];
  const death = dies ? ['--pdeathsig', 'KILL'] : ['--pdeathsig', 'clear'];
  return { ...command, file: 'setpriv', args: [...user, ...death, '--', command.file, ...command.args] };
}

/** Makes what we wrote the servers' own. */
export async function giveToServer(...paths: readonly string[]): Promise<void> {
  if (uid === 0) await Promise.all(paths.map((each) => chown(each, NOBODY, NOBODY)));
}

/** A directory for one server, made if need be, its own and reachable for it. */
export async function serverDirectory(name: string, wanted: string | undefined): Promise<string> {
  const directory = path.resolve(wanted ?? (await mkdtemp(path.join(temporaryDirectory, `physics-${name}-`))));
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await giveToServer(directory);
  await openTheWay(directory);
  return directory;
}

/** Lets others pass through those of our temporary directories that lead to this one (mkdtemp makes them 0700). */
async function openTheWay(directory: string): Promise<void> {
  if (uid !== 0) return;
  let above = path.dirname(directory);
  while (above.startsWith(`${temporaryDirectory}/`)) {
    const found = await stat(above);
    if (found.uid === uid && (found.mode & 0o001) === 0) await chmod(above, (found.mode & 0o777) | 0o011);
    above = path.dirname(above);
  }
}

/** Processes that work in this directory or below it. */
export async function processesIn(directory: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const cwds = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return pids.filter((_, at) => `${cwds[at] ?? ''}/`.startsWith(`${directory}/`)).map(Number);
}
