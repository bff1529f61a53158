import type { RunRecord } from './runs.ts';
import type { BackupId, BackupType, Instant, Service } from './vocabulary.ts';

export type Health = 'ok' | 'warning' | 'critical' | 'unknown';

/**
 * All that is known of the platform's recoverability at an instant: what `status`, `report`, the monitor and the alerts
 * show, and nothing else. A field that is not there is not known, and is never shown as healthy.
 */
export interface Situation {
  readonly at: Instant;
  readonly recovery: RecoverySituation;
  readonly services: readonly ServiceSituation[];
  readonly volumes: readonly VolumeSituation[];
  /** What needs a person, worst first. */
  readonly conditions: readonly Condition[];
  readonly scheduler: {
    /** Seconds; of the loop that has been silent longest. */
    readonly heartbeatAge?: number;
    /** Whose loop runs. */
    readonly services: readonly Service[];
    /** Seconds, by service; one whose loop never ran here is not among them. */
    readonly heartbeats: readonly { readonly service: Service; readonly ageSeconds: number }[];
  };
  readonly keys: { readonly active?: string; readonly createdAt?: Instant; readonly exported?: boolean };
  readonly lock: readonly { readonly service: Service; readonly ageSeconds: number; readonly holder?: string }[];
  readonly retention: { readonly enabled: boolean; readonly lastRun?: RunRecord };
}

/** Could the platform be recovered now, to when, how fast. */
export interface RecoverySituation {
  readonly possible: 'yes' | 'no' | 'unknown';
  /** One sentence: why. */
  readonly why: string;
  /** What a person should know before using it: services that ran on their own schedules, newer ones passed over. */
  readonly warnings: readonly string[];
  /** Name of the recovery point, if the choice is a complete one. */
  readonly point?: string;
  readonly choice: readonly {
    readonly service: Service;
    readonly id: BackupId;
    readonly at: Instant;
    readonly verified: boolean;
  }[];
  /** The earliest and the latest moment of the choice. */
  readonly from?: Instant;
  readonly to?: Instant;
  readonly skewSeconds?: number;
  readonly estimatedSeconds?: number;
  readonly rpo: Target;
  readonly rto: Target;
}

export interface Target {
  readonly targetSeconds: number;
  readonly actualSeconds?: number;
  readonly met?: boolean;
}

export interface ServiceSituation {
  readonly service: Service;
  readonly health: Health;
  readonly rpo: Target;
  readonly types: readonly TypeSituation[];
  /** Newest last; what the plots and the timeline show (bounded, 200). */
  readonly backups: readonly BackupPoint[];
  readonly runs: readonly RunRecord[];
  readonly runTotals: readonly {
    readonly type: BackupType;
    readonly result: 'success' | 'failure';
    readonly count: number;
  }[];
  /** Sequence numbers that are missing without a record of a removal; not known where the backups could not be read. */
  readonly gaps?: number;
  /** Files that are not what was written: manifests, proofs, lists of removals. */
  readonly damaged: readonly string[];
}

export interface TypeSituation {
  readonly type: BackupType;
  readonly health: Health;
  /** The cron expression in force. */
  readonly schedule?: string;
  readonly next?: Instant;
  /** The last one that came to an end of its own: neither interrupted nor kept out by another. */
  readonly lastRun?: RunRecord;
  /** Whether the newest attempt gave a backup that passed its checks. */
  readonly good?: boolean;
  /** The newest that did not fail a check. */
  readonly lastSuccess?: BackupPoint;
  /** The newest that `recover latest` may take: verified, neither suspect nor fuzzy, no safety copy. */
  readonly lastVerified?: BackupPoint;
  /** The age in seconds at which the newest is stale by its type's own schedule: its next slot, and a grace. */
  readonly staleAfterSeconds?: number;
  /** How many are there; not known where the backups could not be read. */
  readonly count?: number;
  readonly storedBytes?: number;
  readonly lastValidation?: {
    readonly at: Instant;
    readonly level: string;
    readonly passed: boolean;
    readonly seconds?: number;
  };
}

export interface BackupPoint {
  readonly id: BackupId;
  readonly type: BackupType;
  readonly at: Instant;
  readonly seconds: number;
  readonly storedBytes: number;
  readonly verified: boolean;
}

export interface VolumeSituation {
  /** As the deployment guide names it: `postgres-data`, `backup-postgres`. */
  readonly volume: string;
  readonly health: Health;
  readonly usedPercent?: number;
  readonly usedBytes?: number;
  readonly freeBytes?: number;
  /** By the trend of the newest backups; absent if not growing or not known. */
  readonly fullInSeconds?: number;
  readonly why?: string;
}

/** Something that needs a person. */
export interface Condition {
  /** Stable: the same trouble has the same key at every look. E.g. `backup-stale:postgres:daily`. */
  readonly key: string;
  /** The alert's name: BackupStale, BackupFailed, BackupUnverified, VolumeUsageHigh, SequenceGap, ... */
  readonly name: string;
  readonly severity: 'critical' | 'warning';
  readonly service?: Service;
  readonly type?: BackupType;
  readonly volume?: string;
  /** One line, without secrets. */
  readonly summary: string;
  /** The command that helps. */
  readonly hint: string;
}
