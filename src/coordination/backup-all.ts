import { stampOf } from '../base/clock.ts';
import type { Agent, BackupResult } from '../model/agent.ts';
import type { BackupType } from '../model/vocabulary.ts';
import { skewSeconds } from '../policy/recovery-point.ts';
import { type CoordinatedRun, forEachAgent, runOf, type ServiceResult, valuesOf } from './fan-out.ts';
import { type CoordinationDependencies, settleInterrupted } from './settle.ts';

export interface BackupReport {
  /** The recovery point; undefined unless every service of it was captured. */
  readonly recoveryPoint: string | undefined;
  /** Between the earliest and the latest moment, in seconds. */
  readonly skewSeconds: number | undefined;
  readonly results: readonly ServiceResult<BackupResult>[];
}

/** `point_<YYYYMMDD>_<HHMMSS>`, UTC. */
export function recoveryPointId(at: string): string {
  return `point_${stampOf(at)}`;
}

/**
 * Backs up services at once, as one recovery point. Runs every one and reports each. Ends an interrupted recovery
 * first; while one is in progress, nothing is backed up (kind `busy`).
 */
export async function backupAll(
  agents: readonly Agent[],
  type: BackupType,
  deps: CoordinationDependencies,
  run: CoordinatedRun,
): Promise<BackupReport> {
  await settleInterrupted(deps, run);
  const id = recoveryPointId(deps.clock.now());
  const services = agents.map((each) => each.service);
  const recoveryPoint = services.length > 1 ? { id, services } : null;
  const results = await forEachAgent(agents, (agent) =>
    agent.backup({ type, recoveryPoint }, runOf(run, agent.service)),
  );
  const captured = valuesOf(results);
  const complete = recoveryPoint !== null && captured.length === agents.length;
  return {
    recoveryPoint: complete ? id : undefined,
    skewSeconds: complete ? skewSeconds(captured.map((each) => each.manifest.moment)) : undefined,
    results,
  };
}
