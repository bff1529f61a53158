import type { ErrorKind } from '../base/errors.ts';
import type { Reached } from '../base/crash-points.ts';
import type { Command, Processes } from '../base/processes.ts';
import type { Artifact, ArtifactKind, Capture } from './backup.ts';
import type { Facts } from './facts.ts';
import type { BackupId, BackupType, Instant, Service } from './vocabulary.ts';

/** Told of work as it is done; never blocks the work. */
export interface Progress {
  /** A step begins, in words an operator understands: `dump`, `count rows`. */
  step(name: string): void;
  /** Bytes of the current step so far, and in all where that is known. */
  bytes(done: number, total?: number): void;
}

export interface Limits {
  /** Processes or connections that may work at the same time (`PARALLEL_JOBS`). */
  readonly parallelJobs: number;
}

/** What every operation on a source gets from its caller. */
export interface Context {
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** An existing private directory (0700) of this run, on a disk with room; removed by the caller. */
  readonly workDir: string;
  readonly processes: Processes;
  readonly limits: Limits;
  /** Awaited where being killed would leave a new state behind (base/crash-points.ts). */
  readonly reached: Reached;
}

/** One thing that `doctor` and the preflight of backup and recover look at. */
export interface Finding {
  /** What was looked at: `server`, `rights`, `room`, `tools`. */
  readonly subject: string;
  readonly severity: 'ok' | 'warning' | 'problem';
  readonly message: string;
  /** What to do about it, for a warning or a problem. */
  readonly hint?: string;
  /** The kind of error a problem becomes when it stops a run; `failed` unless given. */
  readonly kind?: ErrorKind;
  /** What a problem stands in the way of; both unless given (a dropped database does not stop a restore). */
  readonly stops?: 'backup' | 'restore';
}

/** What a look at the live service says; nothing is changed by it. */
export interface Inspection {
  readonly versions: Readonly<Record<string, string>>;
  /** Size of the live data in bytes, for room checks and estimates; 0 where it cannot be told. */
  readonly bytes: number;
  readonly findings: readonly Finding[];
}

/** Takes the artifacts of one capture. Each is stored once; two may be written at the same time. */
export interface ArtifactSink {
  /** Stores what the process prints; resolves when it has exited 0, all streams ended and the file is synced. */
  fromProcess(kind: ArtifactKind, command: Command): Promise<Artifact>;
  /**
   * Stores the chunks as they come, with back-pressure. When they throw, nothing is stored, the call rejects with that
   * error (or one that it is the cause of), and the same kind may be written again.
   */
  fromChunks(kind: ArtifactKind, chunks: AsyncIterable<Uint8Array>): Promise<Artifact>;
  /** Plaintext of an artifact that was stored before, read back and authenticated, as `ReadableBackup.toProcess`. */
  toProcess(kind: ArtifactKind, command: Command): Promise<string>;
}

/** A stored backup whose plaintext can be read; every byte handed out was authenticated before. */
export interface ReadableBackup {
  readonly id: BackupId;
  readonly service: Service;
  readonly type: BackupType;
  readonly moment: Instant;
  readonly versions: Readonly<Record<string, string>>;
  readonly facts: Facts;
  readonly artifacts: readonly Artifact[];
  /** The artifact's plaintext becomes the standard input of the process; resolves with its standard output (at most 16 MiB, else an error). */
  toProcess(kind: ArtifactKind, command: Command): Promise<string>;
  /** Writes the plaintext to a new file (0600). */
  toFile(kind: ArtifactKind, path: string): Promise<void>;
  /** The plaintext in chunks. */
  chunks(kind: ArtifactKind): AsyncIterable<Uint8Array>;
}

/** Names a staged restore so that another process can take it up. Versioned, JSON, holds no secret. */
export interface StagedHandle {
  readonly version: 1;
  readonly service: Service;
  /** The server's identity (system identifier, run id, store id): attach refuses another server. */
  readonly server: string;
  readonly backup: BackupId;
  /** What the source needs to find its pieces again. */
  readonly details: Readonly<Record<string, string>>;
}

/** Where a restore notes, durably, what it is about to do. Resolves when the line is fsynced. */
export interface RestoreJournal {
  /** Before any effect, and again whenever the handle's details change. */
  handle(handle: StagedHandle): Promise<void>;
  /** An intent within a verb, e.g. `{renaming: 'a'}`. */
  note(entry: Readonly<Record<string, string>>): Promise<void>;
}

export type StagedState = 'staging' | 'staged' | 'swapping' | 'swapped' | 'rolled-back' | 'finished' | 'gone';

/** How swap works for this source; recover swaps rewrite first, then restart, then atomic. */
export type Cutover = 'atomic' | 'restart' | 'rewrite';

/**
 * A restore that exists beside the live data. All verbs are idempotent and may be called again after a crash;
 * `state` asks the engine, not memory. Disposing only closes connections and stops what only this process needs.
 */
export interface StagedRestore extends AsyncDisposable {
  readonly handle: StagedHandle;
  readonly cutover: Cutover;
  /** What a person should know of what was staged (a role that differs and was left as it is); also in the journal. */
  readonly warnings?: readonly string[];
  state(context: Context): Promise<StagedState>;
  /** Counted in the staged copy. */
  facts(context: Context): Promise<Facts>;
  /** Live becomes the staged copy; what was live is kept. A crash inside is ended by swap or by rollback. */
  swap(context: Context): Promise<void>;
  /** What was live before is live again; from any state up to `swapped`. */
  rollback(context: Context): Promise<void>;
  /** Destroys what was replaced. */
  finish(context: Context): Promise<void>;
  /** Removes the staged copy (and nothing else); from `staging` or `staged`, or after `rolled-back`. */
  discard(context: Context): Promise<void>;
}

export interface StageRequest {
  /** The backup, preceded by those it needs, oldest first. */
  readonly chain: readonly ReadableBackup[];
  readonly target: 'live' | 'sandbox';
}

/**
 * Keeps what the swap will replace, where the engine itself cannot keep it beside the new (redis, neo4j):
 * the operation gives a sink that makes an ordinary sealed backup of it, pinned by the journal.
 */
export interface SafetyCopies {
  /** Takes a full, verified backup of the live data; resolves with it, readable. */
  capture(context: Context): Promise<ReadableBackup>;
  /** An earlier one, after a crash. */
  open(id: BackupId, context: Context): Promise<ReadableBackup>;
}

/** What one kind of content check found: damage makes the backup bad, warnings do not. */
export interface ContentReport {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

export interface Capabilities {
  readonly types: readonly BackupType[];
  readonly pointInTime: boolean;
  readonly stopsProduction: boolean;
}

/** One kind of data that can be captured and put back. Never touches a store, a key or the console. */
export interface Source {
  readonly service: Service;
  readonly capabilities: Capabilities;
  /** Read-only: versions, sizes, problems with hints. Throws only for bugs and cancellation. */
  inspect(context: Context): Promise<Inspection>;
  /** `momentFixed` is called once the capture is consistent at that instant; writers may go on after it. */
  capture(type: BackupType, sink: ArtifactSink, momentFixed: (at: Instant) => void, context: Context): Promise<Capture>;
  /** Reads a whole backup with the engine's own checks (`pg_restore --list`, `redis-check-rdb`, tar list). */
  checkContent(backup: ReadableBackup, context: Context): Promise<ContentReport>;
  /** Journals its handle before any effect. A failure inside leaves nothing staged. */
  stage(request: StageRequest, journal: RestoreJournal, safety: SafetyCopies, context: Context): Promise<StagedRestore>;
  /** After a crash: from the journalled handle and the notes made since. Refuses another server (kind `failed`). */
  attach(
    handle: StagedHandle,
    notes: readonly Readonly<Record<string, string>>[],
    journal: RestoreJournal,
    safety: SafetyCopies,
    context: Context,
  ): Promise<StagedRestore>;
}
