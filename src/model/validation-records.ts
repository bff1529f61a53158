import type { ValidationLevel } from './backup.ts';
import type { BackupType, Instant, Service } from './vocabulary.ts';

/** One validation of one backup: a row of `<LOG_DIR>/validation/validation_results.db`. */
export interface ValidationRecord {
  /** Where the main artifact lies. */
  readonly file: string;
  readonly service: Service;
  readonly type: BackupType;
  /** When it began. */
  readonly at: Instant;
  /** Whether a level passed; one that was not run, or did not end, is not there. */
  readonly passed: Readonly<Partial<Record<ValidationLevel, boolean>>>;
  /** Stored bytes of all artifacts, as the manifest has them; not there where it could not be read. */
  readonly bytes?: number;
  readonly seconds: number;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
}
