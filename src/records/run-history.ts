import { type FileHandle, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories } from '../base/directories.ts';
import { BackupError, systemCode } from '../base/errors.ts';
import { waitForLock } from '../base/file-lock.ts';
import { fileError, replaceFile, syncDirectory } from '../base/files.ts';
import type { Processes } from '../base/processes.ts';
import type { RunRecord, RunTotal } from '../model/runs.ts';
import type { Service } from '../model/vocabulary.ts';
import { parseLines, printLines, printRun, totalsOf } from './run-lines.ts';

/** Months of a service that is backed up every hour. */
const MOST_RUNS = 5000;

/** Appending takes milliseconds. */
const LOCK_WAIT_SECONDS = 60;

export interface ReadRuns {
  /** Oldest first. */
  readonly runs: readonly RunRecord[];
  /** Of all runs that were ever noted, also of those that are no longer among `runs`. */
  readonly totals: readonly RunTotal[];
  /** A line was cut by a crash, or damaged, and is left out: the runs of that time may not be all. */
  readonly torn: boolean;
}

/**
 * How every run of a command ended: `<STATE_DIR>/runs/<service>.jsonl`, a line each, appended and fsynced under a lock
 * of the kernel that all containers share. When there are too many, the older half is counted and left out.
 */
export class RunHistory {
  readonly #directory: string;
  readonly #most: number;

  constructor(stateDirectory: string, most = MOST_RUNS) {
    this.#directory = path.join(stateDirectory, 'runs');
    this.#most = most;
  }

  /**
   * Not to be cancelled: a run that was is noted too. Fails as writing a file does, and with kind `busy`. Says whether
   * the line before was cut by a crash, and is gone.
   */
  async append(run: RunRecord, processes: Processes): Promise<{ readonly torn: boolean }> {
    makeDirectories(this.#directory);
    const file = this.#fileOf(run.service);
    const lock = await open(path.join(this.#directory, `.${run.service}.lock`), 'a', 0o600).catch((error: unknown) => {
      throw fileError('opening the lock of', file, error);
    });
    try {
      await waitForLock(lock, LOCK_WAIT_SECONDS, processes);
      const torn = await appendLine(file, printRun(run));
      await this.#shorten(file);
      return { torn };
    } finally {
      await lock.close();
    }
  }

  /** What is there; a history that nobody has begun is an empty one. Needs no lock. */
  async read(service: Service): Promise<ReadRuns> {
    const { runs, earlier, torn } = parseLines(await textOf(this.#fileOf(service)));
    return { runs, totals: totalsOf(runs, earlier), torn };
  }

  async #shorten(file: string): Promise<void> {
    const { runs, earlier } = parseLines(await textOf(file));
    if (runs.length <= this.#most) return;
    const left = runs.slice(-Math.ceil(this.#most / 2));
    const counted = runs.slice(0, runs.length - left.length);
    await replaceFile(file, printLines(left, totalsOf(counted, earlier)));
  }

  #fileOf(service: Service): string {
    return path.join(this.#directory, `${service}.jsonl`);
  }
}

/** By one write(2), after whatever a crash left of the line before; one that does not fit leaves nothing of itself. */
async function appendLine(name: string, line: string): Promise<boolean> {
  try {
    const file = await open(name, 'a+', 0o600);
    let torn = false;
    try {
      torn = await cutTornLine(file);
      await writeWhole(file, Buffer.from(line), name);
    } finally {
      await file.close();
    }
    await syncDirectory(path.dirname(name));
    return torn;
  } catch (error) {
    throw fileError('writing', name, error);
  }
}

async function writeWhole(file: FileHandle, line: Buffer, name: string): Promise<void> {
  const { size } = await file.stat();
  const { bytesWritten } = await file.write(line);
  if (bytesWritten !== line.length) {
    await file.truncate(size);
    throw new BackupError(`${name}: there is no room for a line`, { kind: 'no-space' });
  }
  await file.sync();
}

/** Under the lock a line without its end was cut by a crash; the reader said so until now. */
async function cutTornLine(file: FileHandle): Promise<boolean> {
  const content = await file.readFile();
  const end = content.lastIndexOf('\n') + 1;
  if (end < content.length) await file.truncate(end);
  return end < content.length;
}

async function textOf(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return '';
    throw fileError('reading', file, error);
  });
}
