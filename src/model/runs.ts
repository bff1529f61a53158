// src/model/runs.ts: how every command that was run on a service ended. The names are the contract.
import type { BackupId, BackupType, Instant, Service } from './vocabulary.ts';

export const RUN_KINDS = ['backup', 'validate', 'cleanup', 'restore', 'recover'] as const;
export type RunKind = (typeof RUN_KINDS)[number];

/** One run of a command on a service: a line of `<STATE_DIR>/runs/<service>.jsonl`. */
export interface RunRecord {
  readonly kind: RunKind;
  readonly service: Service;
  readonly type?: BackupType;
  readonly began: Instant;
  readonly seconds: number;
  /** The exit code of the design, section 10 (0, 8 and so on). */
  readonly code: number;
  readonly id?: BackupId;
  readonly trigger: 'schedule' | 'command';
  readonly slot?: Instant;
  /** One line, without secrets. */
  readonly message?: string;
}
