import { stopwatch } from '../base/clock.ts';
import { BackupError, type ErrorKind, reason } from '../base/errors.ts';
import type { Run, Validation } from '../model/agent.ts';
import type { ValidationLevel, ValidationOutcome } from '../model/backup.ts';
import type { ContentReport } from '../model/source.ts';
import type { BackupId } from '../model/vocabulary.ts';
import { manifestKey } from '../repository/names.ts';
import type { StoredBackup } from '../repository/stored-backup.ts';
import { openContext } from './context.ts';
import type { OperationDependencies } from './dependencies.ts';
import { type EndedValidation, noteUnreadable, noteValidation, type Occasion } from './validation-notes.ts';

/** Checks one stored backup. */
export async function validateStored(
  id: BackupId,
  levels: readonly ValidationLevel[],
  deps: OperationDependencies,
  run: Run,
): Promise<Validation> {
  const backup = await found(id, levels, deps, run);
  return { storedBytes: backup.bytes, outcomes: await validate(backup, levels, 'validate', deps, run) };
}

/** A backup that is there and cannot be read was looked at too. */
async function found(
  id: BackupId,
  levels: readonly ValidationLevel[],
  deps: OperationDependencies,
  run: Run,
): Promise<StoredBackup> {
  const [at, seconds] = [deps.clock.now(), stopwatch()];
  try {
    return await deps.repository.find(id, run.signal);
  } catch (error) {
    if (error instanceof BackupError && UNREADABLE.includes(error.kind)) {
      const ended = { occasion: 'validate', levels, at, seconds: seconds(), outcomes: [], error } as const;
      await noteUnreadable(id, manifestKey(id), ended, deps);
    }
    throw error;
  }
}

const UNREADABLE: readonly ErrorKind[] = ['damaged', 'keys', 'newer-format', 'denied'];

/**
 * Checks one backup level by level, stops at the first that fails, and records each outcome in its proof. Whatever came
 * of it is noted in the history.
 */
export async function validate(
  backup: StoredBackup,
  levels: readonly ValidationLevel[],
  occasion: Occasion,
  deps: OperationDependencies,
  run: Run,
): Promise<ValidationOutcome[]> {
  const outcomes: ValidationOutcome[] = [];
  const [at, seconds] = [deps.clock.now(), stopwatch()];
  const end = (): EndedValidation => ({ occasion, levels, at, seconds: seconds(), outcomes });
  try {
    await checkAll(backup, levels, outcomes, deps, run);
  } catch (error) {
    await noteValidation(backup, { ...end(), error }, deps);
    throw error;
  }
  await noteValidation(backup, end(), deps);
  return outcomes;
}

async function checkAll(
  backup: StoredBackup,
  levels: readonly ValidationLevel[],
  outcomes: ValidationOutcome[],
  deps: OperationDependencies,
  run: Run,
): Promise<void> {
  for (const level of levels) {
    const seconds = stopwatch();
    const report = await check(backup, level, deps, run);
    const passed = report.errors.length === 0;
    const outcome = { level, passed, at: deps.clock.now(), seconds: seconds(), ...report };
    outcomes.push(outcome); // found, whether or not it can be written to the proof
    await deps.repository.recordOutcome(backup, outcome, run.signal);
    if (!passed) return;
  }
}

function check(
  backup: StoredBackup,
  level: ValidationLevel,
  deps: OperationDependencies,
  run: Run,
): Promise<ContentReport> {
  run.progress.step(`check ${level}`);
  switch (level) {
    case 'integrity':
      return checkIntegrity(backup, deps, run);
    case 'content':
      return checkContent(backup, deps, run);
    case 'restore':
      throw new BackupError('validation to the level "restore" (a drill) is not built yet', { kind: 'usage' });
  }
}

async function checkIntegrity(backup: StoredBackup, deps: OperationDependencies, run: Run): Promise<ContentReport> {
  return { errors: await deps.repository.checkIntegrity(backup, run), warnings: [] };
}

/** Damage that stops the reading is an outcome; a cancelled run, missing keys or tools are not. */
async function checkContent(backup: StoredBackup, deps: OperationDependencies, run: Run): Promise<ContentReport> {
  await using work = await openContext(deps, run);
  try {
    return await deps.source.checkContent(deps.repository.open(backup, run), work.context);
  } catch (error) {
    if (error instanceof BackupError && error.kind === 'damaged') return { errors: [reason(error)], warnings: [] };
    throw error;
  }
}
