import type { Facts } from './facts.ts';
import type { BackupId, BackupType, Instant, Service } from './vocabulary.ts';

/** A transformation between the bytes of the tool and those stored, named as the suffix it adds. */
export type Stage = 'zst' | 'gz' | 'enc';

/**
 * Which file of a backup, before its stages add suffixes. The main artifact has no role:
 * `{extension: 'dump'}` is `<id>.dump`, `{role: 'globals', extension: 'sql'}` is `<id>.globals.sql`.
 */
export interface ArtifactKind {
  readonly role?: string;
  readonly extension: string;
}

/** One stored file of a backup, as its manifest describes it. */
export interface Artifact extends ArtifactKind {
  /** The stored file name, with all suffixes. */
  readonly name: string;
  readonly stages: readonly Stage[];
  /** 16 random bytes as hex: part of the seal's key derivation. */
  readonly nonce: string;
  /** Bytes as the tool made them, before any stage. */
  readonly plainBytes: number;
  readonly storedBytes: number;
  /** SHA-256 of the stored file, hex. */
  readonly storedSha256: string;
}

export function artifactKindName(kind: ArtifactKind): string {
  return kind.role === undefined ? kind.extension : `${kind.role}.${kind.extension}`;
}

/** Whether nothing was committed while the capture ran (`consistent`), or it may mix moments (`fuzzy`). */
export type Consistency = 'consistent' | 'fuzzy';

/** What a source reports of a finished capture. */
export interface Capture {
  readonly facts: Facts;
  readonly consistency: Consistency;
  /** Version of the server and of the tools, e.g. `{server: '15.18', pg_dump: '15.18'}`. */
  readonly versions: Readonly<Record<string, string>>;
  /** What a person should know (a file that could not be read, a role without its password). */
  readonly warnings: readonly string[];
}

/** The authenticated body of a manifest: line B of docs/format.md. */
export interface Manifest {
  readonly id: BackupId;
  readonly service: Service;
  readonly type: BackupType;
  /** Per service, contiguous, assigned at commit under the lock. */
  readonly sequence: number;
  /** SHA-256 (hex) of the previous manifest's line B; null for the first. */
  readonly previous: string | null;
  /** When the capture began, the instant it is consistent at, and when the manifest was committed. */
  readonly startedAt: Instant;
  readonly moment: Instant;
  readonly committedAt: Instant;
  readonly consistency: Consistency;
  readonly versions: Readonly<Record<string, string>>;
  readonly artifacts: readonly Artifact[];
  readonly facts: Facts;
  readonly warnings: readonly string[];
  /** The recovery point this belongs to and every service it was to hold; null for a backup of its own. */
  readonly recoveryPoint: RecoveryPointReference | null;
  /** The backup this one needs to be restored; null for a full capture. */
  readonly parent: BackupId | null;
  /** Facts that shrank beyond the limit against the predecessor: an emptied database is not a good backup. */
  readonly suspect: readonly string[];
  /** Why it was taken, where that matters for its life: a safety copy is pinned by a recovery's journal. */
  readonly purpose: 'scheduled' | 'safety';
}

export interface RecoveryPointReference {
  readonly id: string;
  readonly services: readonly Service[];
}

export type ValidationLevel = 'integrity' | 'content' | 'restore';

/** The outcome of one validation level. */
export interface ValidationOutcome {
  readonly level: ValidationLevel;
  readonly passed: boolean;
  readonly at: Instant;
  readonly seconds: number;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** What `proof.json` holds: the newest outcome per level. */
export interface Proof {
  readonly id: BackupId;
  readonly outcomes: readonly ValidationOutcome[];
}

/** How one validation level ended, without what it found. */
export type OutcomeSummary = Pick<ValidationOutcome, 'level' | 'passed' | 'at' | 'seconds'>;

/** A backup as lists show it, and as looks at the whole situation see it. */
export interface BackupSummary {
  readonly id: BackupId;
  readonly service: Service;
  readonly type: BackupType;
  readonly sequence: number;
  readonly startedAt: Instant;
  readonly moment: Instant;
  readonly committedAt: Instant;
  readonly storedBytes: number;
  readonly consistency: Consistency;
  readonly suspect: readonly string[];
  readonly purpose: Manifest['purpose'];
  readonly recoveryPoint: RecoveryPointReference | null;
  /** The newest of each level. */
  readonly outcomes: readonly OutcomeSummary[];
  readonly verified: boolean;
  /** Whether it failed a check. */
  readonly failed: boolean;
}

export function summaryOf(manifest: Manifest, proof: Proof | undefined, storedBytes: number): BackupSummary {
  const { id, service, type, sequence, startedAt, moment, committedAt } = manifest;
  const { consistency, suspect, purpose, recoveryPoint } = manifest;
  return {
    id,
    service,
    type,
    sequence,
    startedAt,
    moment,
    committedAt,
    storedBytes,
    consistency,
    suspect,
    purpose,
    recoveryPoint,
    outcomes: (proof?.outcomes ?? []).map(({ level, passed, at, seconds }) => ({ level, passed, at, seconds })),
    verified: isVerified(proof),
    failed: proof?.outcomes.some((each) => !each.passed) === true,
  };
}

/** Content level passed, and nothing newer says otherwise: only these count for retention and freshness. */
export function isVerified(
  proof: { readonly outcomes: readonly Pick<ValidationOutcome, 'level' | 'passed'>[] } | undefined,
): boolean {
  let proven = false;
  for (const { level, passed } of proof?.outcomes ?? []) {
    if (!passed) return false;
    proven ||= level === 'content';
  }
  return proven;
}
