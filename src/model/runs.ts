import type { BackupId, BackupType, Instant, Service } from './vocabulary.ts';

export const RUN_KINDS = ['backup', 'validate', 'cleanup', 'restore', 'recover'] as const;
export type RunKind = (typeof RUN_KINDS)[number];

/** What made a run begin: a slot of a schedule, or somebody's command. */
export type RunTrigger = { readonly trigger: 'command' } | { readonly trigger: 'schedule'; readonly slot?: Instant };

/** One run of a command on a service: a line of `<STATE_DIR>/runs/<service>.jsonl`. */
export interface RunRecord {
  readonly kind: RunKind;
  readonly service: Service;
  readonly type?: BackupType;
  readonly began: Instant;
  readonly seconds: number;
  /** The exit code of that service alone (docs/architecture.md, "Exit codes"). */
  readonly code: number;
  readonly id?: BackupId;
  readonly trigger: 'schedule' | 'command';
  readonly slot?: Instant;
  /** One line, without secrets: the first error, or the first warning. */
  readonly message?: string;
}

/** How many runs of a kind and type ended how, of all that were ever noted. */
export interface RunTotal {
  readonly kind: RunKind;
  readonly type?: BackupType;
  readonly result: RunResult;
  readonly count: number;
}

export type RunResult = 'success' | 'failure';

/** A run that ended with warnings did what it was to do. */
export function resultOf({ code }: Pick<RunRecord, 'code'>): RunResult {
  return code === 0 || code === 4 ? 'success' : 'failure';
}
