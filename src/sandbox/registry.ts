import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories } from '../base/directories.ts';
import { type FileLock, lockFile } from '../base/file-lock.ts';
import type { Processes } from '../base/processes.ts';
import { markedProcesses, processesOfSandbox, processStartTime, SANDBOX_MARK } from './identity.ts';

/** A sandbox that is known to later runs. Disposing removes its directory and then the entry. */
export interface RegisteredSandbox extends AsyncDisposable {
  readonly directory: string;
  /** For the server's environment, so that it and its children can be told from any other process. */
  readonly env: Readonly<Record<string, string>>;
  /** Notes the server's process once it runs. */
  started(pid: number): Promise<void>;
}

interface Entry {
  readonly directory: string;
  readonly pid?: number;
  readonly startTime?: string;
}

/**
 * Registers a sandbox and makes its directory, before anything of it is started. While we live we hold a lock on
 * the entry; the kernel gives it back however we end, so a sweep in any container can tell a live owner.
 */
export async function registerSandbox(
  registry: string,
  directory: string,
  processes: Processes,
  signal: AbortSignal,
): Promise<RegisteredSandbox> {
  makeDirectories(registry);
  const file = path.join(registry, `${randomUUID()}.json`);
  const lock = await lockFile(file, 'exclusive', processes, signal).catch(async (error: unknown) => {
    await rm(file, { force: true }); // cancelled before anything was made
    throw error;
  });
  if (lock === undefined) return await registerSandbox(registry, directory, processes, signal); // swept as it was made
  // Lines are only added: a kill in the middle of one cannot take the directory's away.
  const note = (entry: Partial<Entry>): Promise<void> => appendFile(file, `${JSON.stringify(entry)}\n`);
  await note({ directory });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return {
    directory,
    env: { [SANDBOX_MARK]: directory },
    async started(pid) {
      const startTime = await processStartTime(pid);
      if (startTime !== undefined) await note({ pid, startTime });
    },
    async [Symbol.asyncDispose]() {
      await forget(file, directory);
      await lock[Symbol.asyncDispose]();
    },
  };
}

/**
 * Removes what runs that were killed left behind: processes of their sandboxes (only those whose pid and start time
 * were registered, or that carry the sandbox's mark), then the directories. Returns the directories removed.
 * A run in another container may have removed an entry and could not see its processes: those whose sandbox below
 * `STATE_DIR` nobody has registered any more are ended too.
 */
export async function sweepSandboxes(registry: string, processes: Processes, signal: AbortSignal): Promise<string[]> {
  if (!existsSync(registry)) return [];
  const marked = await markedProcesses(); // each was registered before it was started
  const removed: string[] = [];
  const live: (string | undefined)[] = [];
  for (const name of await readdir(registry)) {
    if (!name.endsWith('.json')) continue;
    const file = path.join(registry, name);
    const lock = await lockFile(file, 'exclusive', processes, signal);
    if (lock === undefined) {
      live.push((await readEntry(file)).directory); // its owner lives
      continue;
    }
    const directory = await sweepEntry(file, lock);
    if (directory !== undefined) removed.push(directory);
  }
  const state = `${path.dirname(registry)}/`;
  const forgotten = marked.filter(({ directory }) => directory.startsWith(state) && !live.includes(directory));
  for (const { pid } of forgotten) endProcess(pid);
  return removed;
}

async function sweepEntry(file: string, lock: FileLock): Promise<string | undefined> {
  await using _ = lock;
  const { directory, pid, startTime } = await readEntry(file);
  if (directory === undefined) {
    await rm(file, { force: true }); // killed before anything was made
    return undefined;
  }
  await endProcesses({ directory, ...(pid === undefined || startTime === undefined ? {} : { pid, startTime }) });
  await forget(file, directory);
  return directory;
}

async function readEntry(file: string): Promise<Partial<Entry>> {
  const text = await readFile(file, 'utf8').catch(() => ''); // it was disposed of meanwhile
  const lines = text.split('\n').slice(0, -1); // what follows the last line end is torn
  return Object.assign({}, ...lines.map((line) => JSON.parse(line) as Partial<Entry>)) as Partial<Entry>;
}

async function endProcesses({ directory, pid, startTime }: Entry): Promise<void> {
  const registered = pid !== undefined && startTime !== undefined && (await processStartTime(pid)) === startTime;
  const pids = new Set([...(await processesOfSandbox(directory)), ...(registered ? [pid] : [])]);
  for (const each of pids) endProcess(each);
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it ended by itself
  }
}

async function forget(file: string, directory: string): Promise<void> {
  // A server that is just dying may still write into it: rm tries again.
  await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  await rm(file, { force: true });
}
