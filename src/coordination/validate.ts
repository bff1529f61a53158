import { asError, BackupError, SeveralErrors } from '../base/errors.ts';
import type { Agent, BackupEntry, Damage, Validation } from '../model/agent.ts';
import type { ValidationLevel } from '../model/backup.ts';
import { type BackupId, parseBackupId, type Service } from '../model/vocabulary.ts';
import { type CoordinatedRun, errorsOf, forEachAgent, runOf, type ServiceResult, withAgent } from './fan-out.ts';

/** Which backups to validate: named ones, all, or the newest of each service. */
export type ValidationSelection = { readonly ids: readonly BackupId[] } | 'all' | 'newest';

export interface ValidatedBackup extends Validation {
  readonly backup: BackupId;
}

export interface ValidationReport {
  readonly backups: readonly ValidatedBackup[];
  /** Manifests that do not authenticate, gaps, orphans: each makes the report a bad one. */
  readonly damage: readonly ServiceDamage[];
  /** What kept us from looking: at one backup, or at all of a service. */
  readonly troubles: readonly ServiceTrouble[];
}

export interface ServiceDamage {
  readonly service: Service;
  readonly found: Damage;
}

export interface ServiceTrouble {
  readonly service: Service;
  readonly error: Error;
}

/**
 * Validates backups service by service. Damage is reported, and so is what kept us from looking at some of them; only
 * an end that was asked for is thrown.
 */
export async function validateBackups(
  selection: ValidationSelection,
  levels: readonly ValidationLevel[],
  agents: readonly Agent[],
  run: CoordinatedRun,
): Promise<ValidationReport> {
  const results = await forEachAgent(agents, (agent) => validateOf(agent, selection, levels, run), 'sequential');
  const errors = errorsOf(results);
  if (run.signal.aborted && errors.length > 0) throw new SeveralErrors('not everything could be validated', errors);
  const reports = results.map((each) => reportOf(each));
  return {
    backups: reports.flatMap((each) => each.backups),
    damage: reports.flatMap((each) => each.damage),
    troubles: reports.flatMap((each) => each.troubles),
  };
}

function reportOf({ service, value, error }: ServiceResult<ValidationReport>): ValidationReport {
  return error === undefined ? value : { backups: [], damage: [], troubles: [{ service, error }] };
}

async function validateOf(
  agent: Agent,
  selection: ValidationSelection,
  levels: readonly ValidationLevel[],
  run: CoordinatedRun,
): Promise<ValidationReport> {
  const { service } = agent;
  const { ids, damage } = await selected(agent, selection, run);
  const backups: ValidatedBackup[] = [];
  const troubles: ServiceTrouble[] = [];
  for (const backup of ids) {
    try {
      const validation = await withAgent(agent, () => agent.validate(backup, levels, runOf(run, service)));
      backups.push({ backup, ...validation });
    } catch (error) {
      if (run.signal.aborted) throw error;
      troubles.push({ service, error: asError(error) });
      if (isOfAll(error)) break;
    }
  }
  return { backups, damage: damage.map((found) => ({ service, found })), troubles };
}

/** An agent that is gone would be waited for at every backup. */
function isOfAll(error: unknown): boolean {
  return error instanceof BackupError && error.kind === 'unreachable';
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
