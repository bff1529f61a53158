import path from 'node:path';
import { BackupError, reason } from '../base/errors.ts';
import type { ValidationLevel, ValidationOutcome } from '../model/backup.ts';
import type { ValidationRecord } from '../model/validation-records.ts';
import { type BackupId, type Instant, parseBackupId } from '../model/vocabulary.ts';
import type { StoredBackup } from '../repository/stored-backup.ts';
import type { OperationDependencies } from './dependencies.ts';

/** What a backup is validated for. */
export type Occasion = 'backup' | 'safety copy' | 'validate';

/** A validation that has ended, be it by an error that kept it from looking. */
export interface EndedValidation {
  readonly occasion: Occasion;
  readonly levels: readonly ValidationLevel[];
  readonly at: Instant;
  readonly seconds: number;
  readonly outcomes: readonly ValidationOutcome[];
  readonly error?: unknown;
}

/** Notes a validation in the log and in the history. One that cannot be written (a full disk) fails nothing. */
export async function noteValidation(
  backup: StoredBackup,
  ended: EndedValidation,
  deps: OperationDependencies,
): Promise<void> {
  const { manifest, directory, bytes } = backup;
  const names = manifest.artifacts.map(({ name }) => name);
  const main = manifest.artifacts.find(({ role }) => role === undefined)?.name ?? names[0] ?? manifest.id;
  const file = path.join(deps.backupDirectory, directory, main);
  await note({ ...recordOf(manifest.id, file, ended, names, deps), bytes }, manifest.id, deps);
}

/** Notes the same of a backup whose manifest is not what was written: its files are not whole. */
export async function noteUnreadable(
  id: BackupId,
  manifest: string,
  ended: EndedValidation & { readonly error: BackupError },
  deps: OperationDependencies,
): Promise<void> {
  const record = recordOf(id, path.join(deps.backupDirectory, manifest), ended, [], deps);
  await note(ended.error.kind === 'damaged' ? { ...record, passed: { integrity: false } } : record, id, deps);
}

function recordOf(
  id: BackupId,
  file: string,
  { occasion, levels, at, seconds, outcomes, error }: EndedValidation,
  artifacts: readonly string[],
  { source, trigger }: OperationDependencies,
): ValidationRecord {
  return {
    file,
    service: source.service,
    type: parseBackupId(id)?.type ?? 'manual',
    at,
    passed: Object.fromEntries(outcomes.map(({ level, passed }) => [level, passed])),
    seconds: rounded(seconds),
    errors: [...outcomes.flatMap((each) => each.errors), ...(error === undefined ? [] : [reason(error)])],
    warnings: outcomes.flatMap((each) => each.warnings),
    metadata: {
      backup: id,
      levels,
      occasion,
      ...trigger,
      artifacts,
      seconds: Object.fromEntries(outcomes.map((each) => [each.level, rounded(each.seconds)])),
      ...(error === undefined ? {} : { stoppedBy: error instanceof BackupError ? error.kind : 'internal' }),
    },
  };
}

async function note(record: ValidationRecord, backup: BackupId, deps: OperationDependencies): Promise<void> {
  const { log, processes, validations } = deps;
  const { passed, seconds, errors, warnings } = record;
  const fields = { backup, ...passed, seconds, ...(errors.length > 0 ? { errors } : {}), warnings };
  if (errors.length === 0) log.info('validated', fields);
  else log.error('validation failed', fields);
  try {
    const { setAside } = await validations.append(record, processes);
    if (setAside === undefined) return;
    log.warn('the history of validations was damaged and set aside; a new one was begun', { file: setAside });
  } catch (error) {
    log.warn('this validation could not be noted in the history', { backup, reason: reason(error) });
  }
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
