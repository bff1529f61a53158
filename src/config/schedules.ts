import { BACKUP_TYPES, type BackupType, type Service, SERVICES } from '../model/vocabulary.ts';
import type { Entry, Origin } from './entries.ts';
import { cron, integer, OFF } from './kinds.ts';
import type { Placed } from './schema.ts';
import { later, optional, variable, type Variable } from './variable.ts';

/** Minute 0 of the hour each service's daily backup starts at; weekly ones an hour earlier on Sunday. */
const HOUR: Readonly<Record<Service, number>> = { postgres: 2, neo4j: 3, redis: 4, application: 5 };

const DAYS: Readonly<Partial<Record<BackupType, number>>> = { daily: 7, weekly: 28, monthly: 365, yearly: 2555 };

/** `<SERVICE>_<TYPE>_SCHEDULE` and `<SERVICE>_<TYPE>_RETENTION`, as the schedule file has them. */
export const SCHEDULES: readonly Placed[] = SERVICES.flatMap((service) =>
  BACKUP_TYPES.flatMap((type) => [scheduleOf(service, type), retentionOf(service, type)]).map((each) => ({
    group: 'schedule',
    variable: each,
  })),
);

function scheduleOf(service: Service, type: BackupType): Variable<unknown> {
  const name = scheduleName(service, type);
  const fallback = defaultSchedule(service, type);
  const about = `when the ${type} backup of ${service} starts`;
  const schedule = fallback === undefined ? optional(name, cron, about) : variable(name, cron, fallback, about);
  return isScheduled(type) ? schedule : later(schedule, 'continuous archiving');
}

/** Incremental captures are not taken yet. */
function isScheduled(type: BackupType): boolean {
  return type !== 'incremental';
}

/** When backups of a type of a service begin. */
export interface ScheduleSetting {
  readonly service: Service;
  readonly type: BackupType;
  readonly cron: string;
}

/** The schedules that are set, from the values of all variables by their names. */
export function schedulesOf(values: ReadonlyMap<string, unknown>): ScheduleSetting[] {
  return SERVICES.flatMap((service) =>
    BACKUP_TYPES.filter(isScheduled).flatMap((type) => {
      const value = values.get(scheduleName(service, type));
      return typeof value === 'string' && value !== OFF ? [{ service, type, cron: value }] : [];
    }),
  );
}

/** Every type that can have a schedule, with what its setting says and where that stands. Undefined: it has none. */
export interface ScheduleEntry {
  readonly service: Service;
  readonly type: BackupType;
  readonly cron: string | undefined;
  readonly off: boolean;
  readonly origin: Origin;
  readonly where: string;
}

export function scheduleEntriesOf(entries: readonly Entry[]): ScheduleEntry[] {
  return SERVICES.flatMap((service) =>
    BACKUP_TYPES.filter(isScheduled).flatMap((type) => {
      const entry = entries.find((each) => each.variable.name === scheduleName(service, type));
      if (entry === undefined) return [];
      const { text, origin, where } = entry;
      return [{ service, type, cron: text === OFF ? undefined : text, off: text === OFF, origin, where }];
    }),
  );
}

/** For how many days backups of a type of a service are kept. */
export interface RetentionSetting {
  readonly service: Service;
  readonly type: BackupType;
  readonly days: number;
}

/** The rules that are set, from the values of all variables by their names. */
export function retentionsOf(values: ReadonlyMap<string, unknown>): RetentionSetting[] {
  return SERVICES.flatMap((service) =>
    BACKUP_TYPES.flatMap((type) => {
      const days = values.get(retentionName(service, type));
      return typeof days === 'number' ? [{ service, type, days }] : [];
    }),
  );
}

function retentionName(service: Service, type: BackupType): string {
  return `${service}_${type}_RETENTION`.toUpperCase();
}

function scheduleName(service: Service, type: BackupType): string {
  return `${service}_${type}_SCHEDULE`.toUpperCase();
}

function defaultSchedule(service: Service, type: BackupType): string | undefined {
  if (type === 'daily') return `0 ${HOUR[service]} * * *`;
  if (type === 'weekly') return `0 ${HOUR[service] - 1} * * 0`;
  return type === 'monthly' && service === 'postgres' ? '0 0 1 * *' : undefined;
}

function retentionOf(service: Service, type: BackupType): Variable<unknown> {
  const name = retentionName(service, type);
  const kind = integer(1, Number.MAX_SAFE_INTEGER, 'days');
  const about = `days that a ${type} backup of ${service} is kept`;
  const days = DAYS[type];
  return days === undefined ? optional(name, kind, about) : variable(name, kind, String(days), about);
}
