import path from 'node:path';
import type { BackupRequest, BackupResult, Damage, StageResult, Validation } from '../model/agent.ts';
import type { ValidationLevel } from '../model/backup.ts';
import type { Inspection } from '../model/source.ts';
import type { BackupId, Instant, Service } from '../model/vocabulary.ts';
import type { WireError } from './wire-errors.ts';

/** Of what caller and agent say to each other (docs/decisions/0008). Both send it; another one is refused. */
export const PROTOCOL = 2;

/** Header of every request and every answer. */
export const PROTOCOL_HEADER = 'physics-backup-protocol';

/** How often an agent that has nothing else to say shows that it is there, and when its silence means that it is not. */
export interface Patience {
  readonly aliveMilliseconds: number;
  readonly silenceMilliseconds: number;
}

export const PATIENCE: Patience = { aliveMilliseconds: 5000, silenceMilliseconds: 60_000 };

/** Where the agent of a service listens; `directory` is `AGENT_DIR`. */
export function socketOf(service: Service, directory: string): string {
  return path.join(directory, `${service}.sock`);
}

interface Verb<Arguments, Result> {
  readonly arguments: Arguments;
  readonly result: Result;
}

type OfRecovery = Readonly<Record<'recovery', string>>;

/** What may be asked of an agent: `POST /<service>/<verb>`, the arguments as the first line of the body. */
export interface Verbs {
  readonly ping: Verb<object, Pong>;
  readonly inspect: Verb<object, Inspection>;
  readonly backup: Verb<Omit<BackupRequest, 'momentFixed'>, BackupResult>;
  /** Its backups come before the result, an `item` each: all in one line would be too much at once. */
  readonly history: Verb<object, { readonly damage: readonly Damage[] }>;
  readonly validate: Verb<{ readonly backup: BackupId; readonly levels: readonly ValidationLevel[] }, Validation>;
  /** Open as long as the caller wants the recovery's restore kept open; its end lets go of the service. */
  readonly hold: Verb<OfRecovery, null>;
  readonly stage: Verb<OfRecovery & { readonly backup: BackupId }, StageResult>;
  readonly swap: Verb<OfRecovery, null>;
  readonly rollback: Verb<OfRecovery, null>;
  readonly finish: Verb<OfRecovery, null>;
}

export type VerbName = keyof Verbs;

/** Who answers. */
export interface Pong {
  readonly service: Service;
  readonly version: string;
  readonly pid: number;
}

/** Lines of the caller after the first: stop, for this reason; or, of a `hold`: let go. */
export type CallerLine = { readonly cancel: WireError } | { readonly release: true };

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Lines of the agent; the last one is `result` or `error`. */
export type AgentLine =
  | { readonly event: 'alive' | 'held' }
  | { readonly event: 'step'; readonly name: string }
  | { readonly event: 'bytes'; readonly done: number; readonly total?: number }
  | { readonly event: 'moment'; readonly at: Instant }
  | { readonly event: 'log'; readonly level: LogLevel; readonly message: string; readonly fields?: LogFields }
  | { readonly event: 'item'; readonly value: unknown }
  | { readonly event: 'result'; readonly value: unknown }
  | { readonly event: 'error'; readonly error: WireError };

export type LogFields = Readonly<Record<string, unknown>>;
