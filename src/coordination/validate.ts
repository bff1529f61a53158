import { BackupError, SeveralErrors } from '../base/errors.ts';
import type { Agent, BackupEntry, Damage } from '../model/agent.ts';
import type { ValidationLevel, ValidationOutcome } from '../model/backup.ts';
import { type BackupId, parseBackupId, type Service } from '../model/vocabulary.ts';
import { type CoordinatedRun, errorsOf, forEachAgent, runOf, valuesOf } from './fan-out.ts';

/** Which backups to validate: named ones, all, or the newest of each service. */
export type ValidationSelection = { readonly ids: readonly BackupId[] } | 'all' | 'newest';

export interface ValidatedBackup {
  readonly backup: BackupId;
  readonly outcomes: readonly ValidationOutcome[];
}

export interface ValidationReport {
  readonly backups: readonly ValidatedBackup[];
  /** Manifests that do not authenticate, gaps, orphans: each makes the report a bad one. */
  readonly damage: readonly ServiceDamage[];
}

export interface ServiceDamage {
  readonly service: Service;
  readonly found: Damage;
}

/** Validates backups service by service; damage is reported, only what kept us from looking is thrown. */
export async function validateBackups(
  selection: ValidationSelection,
  levels: readonly ValidationLevel[],
  agents: readonly Agent[],
  run: CoordinatedRun,
): Promise<ValidationReport> {
  const results = await forEachAgent(agents, (agent) => validateOf(agent, selection, levels, run), 'sequential');
  const errors = errorsOf(results);
  if (errors.length > 0) throw new SeveralErrors('not everything could be validated', errors);
  const reports = valuesOf(results);
  const report = {
    backups: reports.flatMap((each) => each.backups),
    damage: reports.flatMap((each) => each.damage),
  };
  if (report.backups.length === 0 && report.damage.length === 0)
    throw new BackupError('there is no backup to validate', { kind: 'not-found', hint: 'see what there is: list' });
  return report;
}

async function validateOf(
  agent: Agent,
  selection: ValidationSelection,
  levels: readonly ValidationLevel[],
  run: CoordinatedRun,
): Promise<ValidationReport> {
  const { ids, damage } = await selected(agent, selection, run);
  const backups: ValidatedBackup[] = [];
  for (const backup of ids) {
    backups.push({ backup, outcomes: await agent.validate(backup, levels, runOf(run, agent.service)) });
  }
  return { backups, damage: damage.map((found) => ({ service: agent.service, found })) };
}

async function selected(
  agent: Agent,
  selection: ValidationSelection,
  run: CoordinatedRun,
): Promise<{ ids: readonly BackupId[]; damage: readonly Damage[] }> {
  if (typeof selection === 'object') {
    return { ids: selection.ids.filter((each) => parseBackupId(each)?.service === agent.service), damage: [] };
  }
  const { backups, damage } = await agent.history(runOf(run, agent.service));
  const chosen = selection === 'all' ? backups : newest(backups);
  return { ids: chosen.map((each) => each.manifest.id), damage };
}

/** A safety copy is newer than what it was made for, and is not what the next recovery would use. */
function newest(backups: readonly BackupEntry[]): readonly BackupEntry[] {
  const found = backups.findLast(({ manifest }) => manifest.purpose !== 'safety');
  return found === undefined ? [] : [found];
}
