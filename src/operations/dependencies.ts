import type { Clock } from '../base/clock.ts';
import type { Reached } from '../base/crash-points.ts';
import type { Log } from '../base/log.ts';
import type { Processes } from '../base/processes.ts';
import type { Limits, Source } from '../model/source.ts';
import type { RunTrigger } from '../model/runs.ts';
import type { ValidationHistory } from '../records/validation-history.ts';
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
  /** Where the backups lie, as this place calls it. */
  readonly backupDirectory: string;
  /** What made the run begin. */
  readonly trigger: RunTrigger;
  /** Where every validation is noted. */
  readonly validations: Pick<ValidationHistory, 'append'>;
  /** Read back and check the content of every backup right after its capture. */
  readonly validate: boolean;
}
