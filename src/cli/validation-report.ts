import { BackupError } from '../base/errors.ts';
import type {
  ServiceDamage,
  ValidatedBackup,
  ValidationReport,
  ValidationSelection,
} from '../coordination/validate.ts';
import type { ValidationLevel, ValidationOutcome } from '../model/backup.ts';
import { type BackupId, type BackupType, type Instant, parseBackupId, type Service } from '../model/vocabulary.ts';
import { damageError } from './entries.ts';

/** All that a validation found: `LOG_DIR/validation/validation_report_<time>.json`, and what `--json` prints. */
export interface ValidationDocument {
  readonly format: 1;
  /** When it ended, and how long it took. */
  readonly at: Instant;
  readonly seconds: number;
  readonly selection: 'all' | 'newest' | readonly BackupId[];
  readonly levels: readonly ValidationLevel[];
  readonly summary: ValidationSummary;
  readonly backups: readonly CheckedBackup[];
  /** What among the files of backups is none, and what is missing. */
  readonly damage: readonly ValidationFinding[];
  /** What could not be looked at. */
  readonly troubles: readonly ValidationFinding[];
}

export interface ValidationSummary {
  readonly backups: number;
  readonly good: number;
  readonly bad: number;
  readonly damage: number;
  readonly troubles: number;
  readonly warnings: number;
}

export interface CheckedBackup {
  readonly backup: BackupId;
  readonly service: Service;
  readonly type: BackupType;
  readonly good: boolean;
  readonly storedBytes: number;
  readonly seconds: number;
  readonly outcomes: readonly ValidationOutcome[];
}

export interface ValidationFinding {
  readonly service: Service;
  readonly kind: string;
  readonly message: string;
  readonly hint: string | null;
}

/** What a validation was asked for, and when it ended. */
export interface ValidationFrame {
  readonly selection: ValidationSelection;
  readonly levels: readonly ValidationLevel[];
  readonly at: Instant;
  readonly seconds: number;
}

export function documentOf(report: ValidationReport, frame: ValidationFrame): ValidationDocument {
  const backups = report.backups.map((each) => checked(each));
  const damage = report.damage.map(({ service, found }) => finding(service, errorOfDamage({ service, found })));
  const troubles = report.troubles.map(({ service, error }) => finding(service, error));
  const good = backups.filter((each) => each.good).length;
  const warnings = backups.reduce((sum, { outcomes }) => sum + outcomes.flatMap((each) => each.warnings).length, 0);
  const { at, levels, selection } = frame;
  return {
    format: 1,
    at,
    seconds: rounded(frame.seconds),
    selection: typeof selection === 'object' ? selection.ids : selection,
    levels,
    summary: {
      backups: backups.length,
      good,
      bad: backups.length - good,
      damage: damage.length,
      troubles: troubles.length,
      warnings,
    },
    backups,
    damage,
    troubles,
  };
}

/** It says which service it is about. */
export function errorOfDamage({ service, found }: ServiceDamage): BackupError {
  const says = found.message.startsWith(service);
  return damageError(says ? found : { ...found, message: `${service}: ${found.message}` });
}

function checked({ backup, storedBytes, outcomes }: ValidatedBackup): CheckedBackup {
  const parsed = parseBackupId(backup);
  if (parsed === undefined) throw new Error(`unparsable id ${backup}`);
  const { service, type } = parsed;
  const seconds = rounded(outcomes.reduce((sum, each) => sum + each.seconds, 0));
  return { backup, service, type, good: outcomes.every((each) => each.passed), storedBytes, seconds, outcomes };
}

function finding(service: Service, error: Error): ValidationFinding {
  const { kind, hint = null } = error instanceof BackupError ? error : { kind: 'internal' };
  return { service, kind, message: error.message, hint };
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
