import type { RunRecord } from '../../../src/model/runs.ts';
import type { BackupType, Instant, Service } from '../../../src/model/vocabulary.ts';
import type { RetentionDecision } from '../../../src/policy/retention.ts';
import type { HeldBackup } from '../../../src/policy/retention-floors.ts';
import type { WallSchedule } from './wall-slots.ts';

/** All that happened to one service in a simulated time, for those who judge it. Wall times are what its clock showed. */
export interface ServiceLog {
  readonly service: Service;
  readonly runs: LoggedRun[];
  readonly said: { readonly wall: number; readonly line: string }[];
  readonly notes: RunRecord[];
  readonly periods: Period[];
  readonly cleanups: Cleanup[];
  /** True time that could have been used before each, in milliseconds. */
  readonly cares: { readonly waited: number }[];
  /** The same since the last. */
  uncared: number;
  /** What is there at the end. */
  stored: readonly HeldBackup[];
}

export type RunOutcome = 'good' | 'failed' | 'mendable' | 'aside' | 'cancelled' | 'killed' | 'threw' | 'running';

export interface LoggedRun {
  readonly type: BackupType;
  readonly slot: Instant;
  /** Times that the clock was put back so far that slots count anew. */
  readonly epoch: number;
  /** True times, in milliseconds. */
  readonly began: number;
  ended: number;
  outcome: RunOutcome;
}

/** A schedule that was in force, from a wall time that the scheduler saw it at to the last at which it looked. */
export interface Period {
  readonly type: BackupType;
  readonly schedule: WallSchedule;
  readonly epoch: number;
  readonly from: number;
  to: number;
}

export interface Cleanup {
  readonly wall: number;
  readonly before: readonly HeldBackup[];
  readonly plan: readonly RetentionDecision[];
}

export function emptyLog(service: Service): ServiceLog {
  return { service, runs: [], said: [], notes: [], periods: [], cleanups: [], cares: [], uncared: 0, stored: [] };
}
