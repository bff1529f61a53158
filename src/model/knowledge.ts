import type { ErrorKind } from '../base/errors.ts';
import type { BackupSummary } from './backup.ts';
import type { RunRecord, RunTotal } from './runs.ts';
import type { BackupType, Instant, Service } from './vocabulary.ts';

/** What a look has read, before anything is concluded from it (`policy/situation.ts`). */
export interface Knowledge {
  readonly at: Instant;
  readonly services: readonly ServiceKnowledge[];
  readonly volumes: readonly VolumeKnowledge[];
  /** How full they were before, oldest first. */
  readonly samples: readonly VolumeSample[];
  readonly keys: {
    readonly active?: string;
    readonly createdAt?: Instant;
    readonly exported?: boolean;
    readonly trouble?: Trouble;
  };
}

/** Why a part could not be read. */
export interface Trouble {
  readonly kind: ErrorKind;
  readonly message: string;
  readonly hint?: string;
}

export interface ServiceKnowledge {
  readonly service: Service;
  /** Not there where they could not be read. */
  readonly stored?: StoredKnowledge;
  /** One for each part that could not be read. */
  readonly troubles: readonly Trouble[];
  /** Oldest first. */
  readonly runs: readonly RunRecord[];
  /** Of all runs that were ever noted, also where `runs` no longer holds them. */
  readonly totals: readonly RunTotal[];
  /** A line of the run history was cut or damaged. */
  readonly runsTorn: boolean;
  readonly schedules: readonly { readonly type: BackupType; readonly cron: string }[];
  /** The last slot of each type that the scheduler took, or since when it waits for one. */
  readonly slots: Readonly<Partial<Record<BackupType, Instant>>>;
  /** Seconds since the scheduler's loop last ran. */
  readonly heartbeatAge?: number;
  /** While another run holds the service. */
  readonly lock?: { readonly ageSeconds: number; readonly holder?: string };
}

/** What lies in the store, as it was authenticated. */
export interface StoredKnowledge {
  /** Ascending by sequence. */
  readonly backups: readonly BackupSummary[];
  readonly damaged: readonly string[];
  /** Signs that a backup was taken away or put back; sentences. */
  readonly gaps: readonly string[];
  readonly missing: number;
}

/** What the file system says of a volume; a figure that it does not give is not there. */
export interface VolumeKnowledge {
  readonly volume: string;
  /** Bytes of the file system that it lies on. */
  readonly size?: number;
  /** What may still be written, by a user without privileges. */
  readonly free?: number;
  /** Bytes in use: of the volume where they are known, of its file system otherwise. */
  readonly used?: number;
  /** The service whose backups fill it. */
  readonly service?: Service;
  /** Why figures are not there, or not the volume's own. */
  readonly why?: string;
}

/** How full a volume was. */
export interface VolumeSample {
  readonly volume: string;
  readonly at: Instant;
  readonly free: number;
}

/** What is asked of the platform: settings of the operator. */
export interface Expectations {
  /** Every service that a recovery must bring back. */
  readonly services: readonly Service[];
  /** The time zone that schedules are read in. */
  readonly zone: string;
  /** Hours at which a daily backup is stale; other types in proportion. */
  readonly maxAgeHours: number;
  /** A smaller backup is told of; 0: none. */
  readonly minSizeBytes: number;
  readonly rtoSeconds: number;
  readonly rpoSeconds: number;
  /** The time limit of a backup, in seconds. */
  readonly timeLimitSeconds: number;
  readonly warnPercent: number;
  readonly criticalPercent: number;
  readonly cleanup: boolean;
  readonly validation: boolean;
}
