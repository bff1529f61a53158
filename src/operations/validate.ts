import { stopwatch } from '../base/clock.ts';
import { BackupError, reason } from '../base/errors.ts';
import type { Run } from '../model/agent.ts';
import type { ValidationLevel, ValidationOutcome } from '../model/backup.ts';
import type { ContentReport } from '../model/source.ts';
import type { StoredBackup } from '../repository/stored-backup.ts';
import { openContext } from './context.ts';
import type { OperationDependencies } from './dependencies.ts';

/** Checks one backup level by level, stops at the first that fails, and records each outcome in its proof. */
export async function validate(
  backup: StoredBackup,
  levels: readonly ValidationLevel[],
  deps: OperationDependencies,
  run: Run,
): Promise<ValidationOutcome[]> {
  const outcomes: ValidationOutcome[] = [];
  for (const level of levels) {
    const seconds = stopwatch();
    const report = await check(backup, level, deps, run);
    const passed = report.errors.length === 0;
    const outcome = { level, passed, at: deps.clock.now(), seconds: seconds(), ...report };
    await deps.repository.recordOutcome(backup, outcome, run.signal);
    outcomes.push(outcome);
    if (!passed) break;
  }
  return outcomes;
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
