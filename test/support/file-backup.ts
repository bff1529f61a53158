import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, createReadStream, createWriteStream, existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { nothingHappens, type Reached } from '../../src/base/crash-points.ts';
import { type Command, collect, Processes } from '../../src/base/processes.ts';
import { type Artifact, type ArtifactKind, artifactKindName, type Capture } from '../../src/model/backup.ts';
import type {
  ArtifactSink,
  Context,
  ReadableBackup,
  RestoreJournal,
  SafetyCopies,
  Source,
  StagedHandle,
} from '../../src/model/source.ts';
import { type BackupId, backupId, type Instant, type Service } from '../../src/model/vocabulary.ts';

/** What every test of a source needs: a context with a directory of its own, gone when disposed of. */
export interface TestContext extends Context, AsyncDisposable {}

export const testProcesses = new Processes({ PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8' });

export async function testContext(overrides: Partial<Context> = {}): Promise<TestContext> {
  const workDir = overrides.workDir ?? (await mkdtemp(path.join(os.tmpdir(), 'pbs-source-')));
  return {
    signal: new AbortController().signal,
    progress: { step: () => undefined, bytes: () => undefined },
    workDir,
    processes: testProcesses,
    limits: { parallelJobs: 2 },
    reached: nothingHappens,
    ...overrides,
    [Symbol.asyncDispose]: () =>
      overrides.workDir === undefined ? rm(workDir, { recursive: true, force: true }) : Promise.resolve(),
  };
}

/** Ends a verb at one crash point the way a kill would end the process: nothing after it is done. */
export class Killed extends Error {}

export function killAt(point: string): Reached {
  return (reached) => (reached === point ? Promise.reject(new Killed(point)) : Promise.resolve());
}

/** A sink that stores plaintext in files of a directory: what a source sees of a repository, without sealing. */
export class FileSink implements ArtifactSink {
  readonly artifacts: Artifact[] = [];
  readonly #directory: string;
  readonly #signal: AbortSignal;

  constructor(directory: string, signal: AbortSignal = new AbortController().signal) {
    this.#directory = directory;
    this.#signal = signal;
  }

  async fromProcess(kind: ArtifactKind, command: Command): Promise<Artifact> {
    const child = testProcesses.start(command, { stdout: 'pipe' }, this.#signal);
    const [artifact] = await Promise.all([this.#store(kind, child.stdout ?? Readable.from([])), child.ended]);
    return artifact;
  }

  fromChunks(kind: ArtifactKind, chunks: AsyncIterable<Uint8Array>): Promise<Artifact> {
    return this.#store(kind, Readable.from(chunks));
  }

  toProcess(kind: ArtifactKind, command: Command): Promise<string> {
    return fileToProcess(path.join(this.#directory, artifactKindName(kind)), command);
  }

  async #store(kind: ArtifactKind, bytes: Readable): Promise<Artifact> {
    const name = artifactKindName(kind);
    const file = path.join(this.#directory, name);
    const hash = createHash('sha256');
    await pipeline(
      bytes,
      async function* (source) {
        for await (const chunk of source) {
          hash.update(chunk as Buffer);
          yield chunk as Buffer;
        }
      },
      createWriteStream(file, { mode: 0o600 }),
    );
    const { size } = await stat(file);
    const artifact: Artifact = {
      ...kind,
      name,
      stages: [],
      nonce: randomBytes(16).toString('hex'),
      plainBytes: size,
      storedBytes: size,
      storedSha256: hash.digest('hex'),
    };
    this.artifacts.push(artifact);
    return artifact;
  }
}

/** A captured backup as files; what a repository would hand to `stage`. */
export interface FileBackup extends ReadableBackup {
  readonly directory: string;
  readonly capture: Capture;
}

/** Captures with a source into a new directory below `parent`; another process may take it up with `reopen`. */
export async function captureToFiles(source: Source, parent: string, context: Context): Promise<FileBackup> {
  const { id, directory } = await newDirectory(source.service, parent);
  const sink = new FileSink(directory, context.signal);
  let moment: Instant = '';
  const capture = await source.capture('manual', sink, (at) => (moment = at), context);
  const parts = { id, service: source.service, moment, directory, capture, artifacts: sink.artifacts };
  await writeFile(path.join(directory, 'backup.json'), JSON.stringify(parts));
  return fileBackup(parts);
}

export async function reopen(directory: string): Promise<FileBackup> {
  return fileBackup(JSON.parse(await readFile(path.join(directory, 'backup.json'), 'utf8')) as FileBackup);
}

async function newDirectory(service: Service, parent: string): Promise<{ id: BackupId; directory: string }> {
  for (let second = 0; ; second += 1) {
    const id = backupId(service, 'manual', new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString());
    const directory = path.join(parent, id);
    const made = await mkdir(directory, { recursive: true });
    if (made !== undefined) return { id, directory };
  }
}

export function fileBackup(
  backup: Pick<FileBackup, 'service' | 'id' | 'moment' | 'directory' | 'capture' | 'artifacts'>,
): FileBackup {
  const fileOf = (kind: ArtifactKind): string => path.join(backup.directory, artifactKindName(kind));
  return {
    ...backup,
    type: 'manual',
    versions: backup.capture.versions,
    facts: backup.capture.facts,
    toProcess: (kind, command) => fileToProcess(fileOf(kind), command),
    toFile: (kind, file) => copyFile(fileOf(kind), file),
    async *chunks(kind) {
      for await (const chunk of createReadStream(fileOf(kind))) yield chunk as Buffer;
    },
  };
}

async function fileToProcess(file: string, command: Command): Promise<string> {
  const child = testProcesses.start(command, { stdin: 'pipe', stdout: 'pipe' }, new AbortController().signal);
  const feeding = child.stdin === null ? undefined : pipeline(createReadStream(file), child.stdin);
  feeding?.catch(() => undefined); // a child that stops reading says why itself
  const [stdout] = await Promise.all([collect(child.stdout, command.file), child.ended]);
  return stdout;
}

/** Safety copies taken by the source itself, kept as files; `open` also knows the backups it is given. */
export class FileSafetyCopies implements SafetyCopies {
  readonly copies = new Map<BackupId, ReadableBackup>();
  readonly #source: Source;
  readonly #directory: string;
  /** How many were captured. */
  taken = 0;

  constructor(source: Source, directory: string, known: readonly ReadableBackup[] = []) {
    this.#source = source;
    this.#directory = directory;
    for (const backup of known) this.copies.set(backup.id, backup);
  }

  async capture(context: Context): Promise<ReadableBackup> {
    const copy = await captureToFiles(this.#source, this.#directory, context);
    this.copies.set(copy.id, copy);
    this.taken += 1;
    return copy;
  }

  async open(id: BackupId): Promise<ReadableBackup> {
    return this.copies.get(id) ?? (await reopen(path.join(this.#directory, id)));
  }
}

/** A journal in memory that outlives the restore that writes it, as the file would outlive the process. */
export class MemoryJournal implements RestoreJournal {
  readonly handles: StagedHandle[] = [];
  readonly notes: Readonly<Record<string, string>>[] = [];

  handle(handle: StagedHandle): Promise<void> {
    this.handles.push(structuredClone(handle));
    return Promise.resolve();
  }

  note(entry: Readonly<Record<string, string>>): Promise<void> {
    this.notes.push(structuredClone(entry));
    return Promise.resolve();
  }

  /** The newest handle. */
  get last(): StagedHandle {
    const handle = this.handles.at(-1);
    if (handle === undefined) throw new Error('nothing was journalled');
    return handle;
  }
}

/** The same in a file, for a process that is going to be killed and the one that takes over. */
export class FileJournal extends MemoryJournal {
  readonly #file: string;

  constructor(file: string) {
    super();
    this.#file = file;
    for (const line of existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []) {
      const entry = JSON.parse(line) as { handle?: StagedHandle; note?: Record<string, string> };
      if (entry.handle !== undefined) this.handles.push(entry.handle);
      if (entry.note !== undefined) this.notes.push(entry.note);
    }
  }

  override handle(handle: StagedHandle): Promise<void> {
    appendFileSync(this.#file, `${JSON.stringify({ handle })}\n`);
    return super.handle(handle);
  }

  override note(note: Readonly<Record<string, string>>): Promise<void> {
    appendFileSync(this.#file, `${JSON.stringify({ note })}\n`);
    return super.note(note);
  }
}
