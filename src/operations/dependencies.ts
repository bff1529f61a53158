import type { Clock } from '../base/clock.ts';
import type { Reached } from '../base/crash-points.ts';
import type { Log } from '../base/log.ts';
import type { Processes } from '../base/processes.ts';
import type { Limits, Source } from '../model/source.ts';
import type { Repository } from '../repository/repository.ts';

/** What operations on one service are made of. */
export interface OperationDependencies {
  readonly source: Source;
  readonly repository: Repository;
  readonly clock: Clock;
  readonly processes: Processes;
  readonly limits: Limits;
  readonly reached: Reached;
  readonly log: Log;
  /** Holds the recovery journals and, below `work/`, the private directories of runs. */
  readonly stateDirectory: string;
  /** Read back and check the content of every backup right after its capture. */
  readonly validate: boolean;
}
