import { type FileHandle, open, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../base/clock.ts';
import { makeDirectories } from '../base/directories.ts';
import { BackupError, systemCode } from '../base/errors.ts';
import { waitForLock } from '../base/file-lock.ts';
import type { Processes } from '../base/processes.ts';
import type { RestoreJournal, StagedHandle } from '../model/source.ts';
import type { BackupId, Service } from '../model/vocabulary.ts';

/** One line of a recovery's journal. Before `committed` the next run rolls back, after it it goes on. */
export type JournalEvent =
  | { readonly event: 'begun'; readonly backups: Readonly<Partial<Record<Service, BackupId>>> }
  | { readonly event: 'handle'; readonly service: Service; readonly handle: StagedHandle }
  | { readonly event: 'note'; readonly service: Service; readonly note: Readonly<Record<string, string>> }
  | { readonly event: 'safety'; readonly service: Service; readonly backup: BackupId }
  | { readonly event: 'staged' | 'swapping' | 'swapped' | 'rolled-back'; readonly service: Service }
  | { readonly event: 'finished' | 'discarded'; readonly service: Service }
  | { readonly event: 'committed' }
  /** Decided by the operator once it was recovered; the next run goes on with it. */
  | { readonly event: 'undoing' | 'finishing' }
  | { readonly event: 'ended'; readonly outcome: RecoveryOutcome };

export interface JournalTools {
  readonly clock: Clock;
  readonly processes: Processes;
}

/** Appending takes milliseconds. */
const LOCK_WAIT_SECONDS = 60;

export type RecoveryOutcome = 'recovered' | 'rolled-back' | 'finished';

/**
 * What a recovery has done: `<STATE_DIR>/recovery/<id>.jsonl`, one JSON object a line, each appended by one
 * write(2) and fsynced before anything it announces is done. The coordinator and the agents of its services append,
 * each under a lock of the kernel on the file: what looks like a torn line may be one that another is just writing.
 */
export class RecoveryJournal {
  readonly id: string;
  readonly #file: string;
  readonly #clock: Clock;
  readonly #processes: Processes;

  constructor(stateDirectory: string, id: string, { clock, processes }: JournalTools) {
    this.id = id;
    this.#file = path.join(stateDirectory, 'recovery', `${id}.jsonl`);
    this.#clock = clock;
    this.#processes = processes;
  }

  /** One at a time in this process: services are staged in parallel, and a line half written looks like a torn one. */
  async append(event: JournalEvent): Promise<void> {
    const before = appending.get(this.#file) ?? Promise.resolve();
    const appended = before.then(() => this.#append(event));
    const settled = appended.catch(() => undefined);
    appending.set(this.#file, settled);
    try {
      await appended;
    } finally {
      if (appending.get(this.#file) === settled) appending.delete(this.#file);
    }
  }

  async #append(event: JournalEvent): Promise<void> {
    makeDirectories(path.dirname(this.#file));
    const file = await open(this.#file, 'a+', 0o600);
    try {
      await waitForLock(file, LOCK_WAIT_SECONDS, this.#processes);
      await cutTornLine(file);
      const line = Buffer.from(`${JSON.stringify({ at: this.#clock.now(), ...event })}\n`);
      const { bytesWritten } = await file.write(line);
      if (bytesWritten !== line.length) throw new BackupError(`${this.#file}: short write`, { kind: 'no-space' });
      await file.sync();
    } finally {
      await file.close();
    }
    await syncDirectory(path.dirname(this.#file));
  }

  /** Every event so far. A line without its end was cut by a crash: what it announced was never begun. */
  async events(): Promise<JournalEvent[]> {
    const text = await readFile(this.#file, 'utf8').catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return '';
      throw error;
    });
    const lines = text.split('\n');
    lines.pop();
    return lines.map((line) => parseLine(line, this.#file));
  }

  /** The journal as one service's source sees it. */
  forService(service: Service): RestoreJournal {
    return {
      handle: (handle) => this.append({ event: 'handle', service, handle }),
      note: (note) => this.append({ event: 'note', service, note }),
    };
  }

  /** Ids of all recoveries, oldest first. */
  static async ids(stateDirectory: string): Promise<string[]> {
    const names = await readdir(path.join(stateDirectory, 'recovery')).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    });
    return names
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => name.slice(0, -'.jsonl'.length))
      .toSorted();
  }
}

/** The last append to each file that has not ended yet. */
const appending = new Map<string, Promise<void>>();

function parseLine(line: string, file: string): JournalEvent {
  try {
    return JSON.parse(line) as JournalEvent;
  } catch (cause) {
    throw new BackupError(`${file}: a line of the recovery journal cannot be read`, {
      kind: 'damaged',
      hint: 'its lines before this one say what was done; once the services are as they should be, move the file away',
      cause,
    });
  }
}

/** Whole lines are appended by one write(2), so only a crash leaves a line without its end. */
async function cutTornLine(file: FileHandle): Promise<void> {
  const content = Buffer.alloc((await file.stat()).size);
  await file.read(content, 0, content.length, 0);
  const end = content.lastIndexOf('\n') + 1;
  if (end < content.length) await file.truncate(end);
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
