// src/model/situation.ts: all that is known of the platform's recoverability at an instant. Names are the contract;
// fields may be added by the owner (situation); `undefined` is "not known" and is never shown as healthy.
import type { BackupId, BackupType, Instant, Service } from './vocabulary.ts';
import type { RunRecord } from './runs.ts';

export type Health = 'ok' | 'warning' | 'critical' | 'unknown';

export interface Situation {
  readonly at: Instant;
  readonly recovery: RecoverySituation;
  readonly services: readonly ServiceSituation[];
  readonly volumes: readonly VolumeSituation[];
  /** What needs a person, worst first. */
  readonly conditions: readonly Condition[];
  readonly scheduler: {
    readonly heartbeatAge?: number /* seconds */;
    readonly services: readonly Service[]; /* alive */
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
  readonly gaps: number; // missing sequence numbers without a removal record
  readonly damaged: readonly string[]; // ids or paths of damaged manifests
}

export interface TypeSituation {
  readonly type: BackupType;
  readonly health: Health;
  readonly schedule?: string; // cron expression in force
  readonly next?: Instant;
  readonly lastRun?: RunRecord;
  readonly lastSuccess?: BackupPoint;
  readonly lastVerified?: BackupPoint;
  /** Seconds after which the newest is stale by its own schedule (interval + grace). */
  readonly staleAfterSeconds?: number;
  readonly count: number;
  readonly storedBytes: number;
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
  readonly volume: string; // name of the guide: postgres-data, backup-postgres
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
