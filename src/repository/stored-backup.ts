import type { BackupError } from '../base/errors.ts';
import type { Manifest, Proof } from '../model/backup.ts';

/** A committed backup, as its authenticated manifest and proof say. */
export interface StoredBackup {
  readonly manifest: Manifest;
  readonly proof: Proof | undefined;
  /** Stored bytes of all artifacts. */
  readonly bytes: number;
  /** Key prefix of its files, e.g. `postgres/daily/`. */
  readonly directory: string;
  /** SHA-256 of line B of its manifest, hex. */
  readonly digest: string;
}

/** A file that is not what was written. */
export interface DamagedFile {
  /** Its key in the store. */
  readonly path: string;
  readonly error: BackupError;
}

/** All that is known of one service's backups. */
export interface History {
  /** Ascending by sequence. */
  readonly backups: readonly StoredBackup[];
  readonly damaged: readonly DamagedFile[];
  /** Signs that a backup was taken away or put back; sentences. */
  readonly gaps: readonly string[];
}
