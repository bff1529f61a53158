import type { BackupError } from '../base/errors.ts';
import type { CoordinationDependencies } from '../coordination/settle.ts';
import type { AlertLedger } from '../model/alerts.ts';
import type { Damage } from '../model/agent.ts';
import type { BackupSummary } from '../model/backup.ts';
import type { RunTrigger } from '../model/runs.ts';
import type { RetentionRules } from '../policy/retention-floors.ts';
import type { Repository } from '../repository/repository.ts';
import type { Finding } from '../model/source.ts';
import type { Situation } from '../model/situation.ts';
import type { BackupType, Instant, Service } from '../model/vocabulary.ts';

/** Standard output or standard error. */
export interface Output {
  write(text: string): void;
  /** Whether a person is looking: lines may be redrawn. */
  readonly terminal: boolean;
  readonly columns: number;
}

/** A setting as `config show` prints it. */
export interface SettingLine {
  readonly name: string;
  readonly group: string;
  readonly about: string;
  readonly secret: boolean;
  readonly set: boolean;
  /** Null for a secret and where nothing is set. */
  readonly value: string | null;
  readonly origin: string;
  readonly where: string;
  /** Why setting it changes nothing yet; null where it does. */
  readonly note: string | null;
}

/** A type of a service and when its backups begin. */
export interface ScheduleLine {
  readonly service: Service;
  readonly type: BackupType;
  /** Undefined: it has no schedule. */
  readonly cron: string | undefined;
  /** Somebody said so. */
  readonly off: boolean;
  readonly origin: string;
  readonly where: string;
}

/** The schedules that are set, of the services of this platform. */
export interface ScheduleView {
  readonly at: Instant;
  /** The time zone that they are read in. */
  readonly zone: string;
  readonly lines: readonly ScheduleLine[];
}

interface ConfigurationView {
  readonly settings: readonly SettingLine[];
  readonly errors: readonly Error[];
}

/** How a test of one receiver of alerts ended. */
export interface AlertTrial {
  readonly receiver: string;
  /** Its host; never a whole address, which may be a secret. */
  readonly where: string;
  readonly seconds: number;
  readonly error: Error | undefined;
}

/** Which directory of logs a command writes to; one that only looks writes none. */
export type LogKind = 'backup' | 'restore' | 'validation' | 'monitoring' | 'none';

export type ReportKind = 'backup' | 'volumes' | 'validation';

export interface OpenRequest {
  /**
   * `all`: the services that this platform is configured to have; `kept`: those, and all others whose tools are here,
   * of which there may be backups from another time.
   */
  readonly services: readonly Service[] | 'all' | 'kept';
  /** What is needed: services and backups, backups with their contents, manifests, or only a look at everything. */
  readonly access: 'live' | 'contents' | 'manifests' | 'inspect';
  readonly log: LogKind;
}

/** What a command works with once the configuration was found good. */
export interface Session extends AsyncDisposable {
  /** With the agents of all services: ending an interrupted recovery may need each of them. */
  readonly coordination: CoordinationDependencies;
  /** The services that were asked for. */
  readonly services: readonly Service[];
  /** What made this run begin, for the run history. */
  readonly trigger: RunTrigger;
  readonly backupDirectory: string;
  readonly timeLimitSeconds: number;
  readonly parallelRecovery: boolean;
  /** Services that were asked for and lack their settings; only `inspect` comes this far with any. */
  readonly unset: readonly { readonly service: Service; readonly error: BackupError }[];
  readonly retention: { readonly enabled: boolean; readonly rules: RetentionRules };
  readonly targets: { readonly rtoMinutes: number; readonly rpoHours: number };
  /** The stored backups themselves, for what needs no service to be reached. */
  repository(): Promise<Repository>;
  /** What lists show of the backups of one service; for sessions that read manifests. */
  listing(
    service: Service,
  ): Promise<{ readonly backups: readonly BackupSummary[]; readonly damage: readonly Damage[] }>;
  /** Room, keys, lock, orphans, and the directories we write to; nothing is changed that stays. */
  inspectRepository(): Promise<readonly Finding[]>;
}

/** All that the commands ask of the process they run in; made by main.ts, and by tests. */
export interface Host {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly color: boolean;
  readonly version: string;
  /** Aborted by SIGINT and SIGTERM, with an error of kind `cancelled`. */
  readonly signal: AbortSignal;
  configuration(): Promise<ConfigurationView>;
  /** Throws every error of the configuration at once. */
  schedules(): Promise<ScheduleView>;
  /** Throws every error of the configuration at once. `tell` shows a line to the operator. */
  open(request: OpenRequest, tell: (line: string) => void): Promise<Session>;
  /** Answers as agent of this place's services, and keeps their schedules if asked to, until `signal` is aborted. */
  serve(options: { readonly schedule: boolean }): Promise<void>;
  /** All that is known of the platform's recoverability now; nothing is changed. */
  situation(): Promise<Situation>;
  /** Looks and answers over HTTP until `signal` is aborted. */
  monitor(): Promise<void>;
  /** Writes a report of that moment below the directory of logs, as JSON or as a text; returns its path. */
  writeReport(kind: ReportKind, content: object | string, at: Instant): Promise<string>;
  /** What is wrong with the daemon that `serve` is; empty while all is well. */
  ailments(): Promise<readonly Error[]>;
  /** What fires and what is not delivered yet, as the monitor left it; damage in words. */
  alerts(): Promise<{ readonly ledger: AlertLedger; readonly damage: string | undefined }>;
  /** Sends a test to each receiver of alerts. */
  testAlerts(): Promise<readonly AlertTrial[]>;
  /** Notes in the log, where a command opened one, how it ended: its exit code, and each error with its causes. */
  ended(code: number, errors: readonly Error[]): void;
}
