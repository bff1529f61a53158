import type { ErrorKind } from '../base/errors.ts';
import type { FactDifference } from './facts.ts';
import type { Manifest, Proof, RecoveryPointReference, ValidationLevel, ValidationOutcome } from './backup.ts';
import type { Cutover, Inspection, Progress } from './source.ts';
import type { BackupId, BackupType, Instant, Service } from './vocabulary.ts';

/** What every call of an agent gets. */
export interface Run {
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

export interface BackupRequest {
  readonly type: BackupType;
  readonly recoveryPoint: RecoveryPointReference | null;
  /** Called once the capture is consistent at that instant. */
  readonly momentFixed?: (at: Instant) => void;
}

/** A committed backup and what its validation found. */
export interface BackupResult {
  readonly manifest: Manifest;
  readonly storedBytes: number;
  readonly seconds: number;
  /** Where the time went, in seconds by the names that progress showed. */
  readonly phases: Readonly<Record<string, number>>;
  /** Empty when validation is off. */
  readonly outcomes: readonly ValidationOutcome[];
}

/** What was found of a stored backup. */
export interface Validation {
  readonly storedBytes: number;
  /** Level by level, up to the first that failed. */
  readonly outcomes: readonly ValidationOutcome[];
}

export interface StageResult {
  readonly backup: BackupId;
  readonly cutover: Cutover;
  /** Empty when the staged copy holds exactly what was captured. */
  readonly differences: readonly FactDifference[];
  /** What a person should know of what was staged: a role that differs and was left as it is. */
  readonly warnings: readonly string[];
  readonly seconds: number;
  readonly phases: Readonly<Record<string, number>>;
}

/** A backup as lists and choices see it. */
export interface BackupEntry {
  readonly manifest: Manifest;
  readonly proof: Proof | undefined;
  readonly storedBytes: number;
}

export interface History {
  /** Ascending by sequence. */
  readonly backups: readonly BackupEntry[];
  /** Manifests that do not authenticate or open, gaps in the sequence. */
  readonly damage: readonly Damage[];
}

/** Why something that is stored is no backup to rely on. */
export interface Damage {
  readonly message: string;
  /** `damaged`, or why this program cannot tell: `keys`, `newer-format`, `denied`. */
  readonly kind: ErrorKind;
  readonly hint?: string;
}

/**
 * Everything done for one service where its tools and data are: in this process, or behind a socket.
 * A restore is named by its recovery's id; its journal lies in the state directory that all agents share, so any
 * agent of the service can go on with it after a crash.
 */
export interface Agent {
  readonly service: Service;
  inspect(run: Run): Promise<Inspection>;
  /** Captures, commits, validates. Preflight problems are thrown before anything is written. */
  backup(request: BackupRequest, run: Run): Promise<BackupResult>;
  history(run: Run): Promise<History>;
  /** Damage is an outcome, not an error. */
  validate(backup: BackupId, levels: readonly ValidationLevel[], run: Run): Promise<Validation>;
  /** Stages beside the live data and compares with the facts; holds the service's lock from here to `release`. */
  stage(recovery: string, backup: BackupId, run: Run): Promise<StageResult>;
  swap(recovery: string, run: Run): Promise<void>;
  /** Live is what it was before, and nothing staged is left; also after a crash, from any state before `finish`. */
  rollback(recovery: string, run: Run): Promise<void>;
  /** Destroys what was replaced. */
  finish(recovery: string, run: Run): Promise<void>;
  /** Closes connections and gives the lock back; what is staged or swapped stays. */
  release(recovery: string): Promise<void>;
}
