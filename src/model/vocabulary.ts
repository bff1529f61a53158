/** The words of the design (docs/architecture.md, "Vocabulary") as types. */

export const SERVICES = ['postgres', 'neo4j', 'redis', 'application'] as const;
/** What is backed up; never a process of ours. */
export type Service = (typeof SERVICES)[number];

export const BACKUP_TYPES = [
  'hourly',
  'daily',
  'weekly',
  'monthly',
  'yearly',
  'manual',
  'incremental',
  'schema',
] as const;
export type BackupType = (typeof BACKUP_TYPES)[number];

/** Types that alone bring a service back. */
export const FULL_TYPES: readonly BackupType[] = ['hourly', 'daily', 'weekly', 'monthly', 'yearly', 'manual'];

/** `<service>_<type>_<YYYYMMDD>_<HHMMSS>`, UTC. */
export type BackupId = `${Service}_${BackupType}_${string}_${string}`;

/** An instant as ISO 8601 in UTC with milliseconds, e.g. `2026-08-16T02:00:00.000Z`; compares as text. */
export type Instant = string;

export function isService(text: string): text is Service {
  return (SERVICES as readonly string[]).includes(text);
}

export function isBackupType(text: string): text is BackupType {
  return (BACKUP_TYPES as readonly string[]).includes(text);
}

/** What a backup id says about its backup. */
export interface ParsedId {
  readonly service: Service;
  readonly type: BackupType;
  readonly at: Instant;
}

export function backupId(service: Service, type: BackupType, at: Instant): BackupId {
  const [date = '', time = ''] = at.split('T');
  return `${service}_${type}_${date.replaceAll('-', '')}_${time.slice(0, 8).replaceAll(':', '')}`;
}

const ID = /^([a-z0-9]+)_([a-z]+)_(\d{4})(\d{2})(\d{2})_(\d{2})(\d{2})(\d{2})$/;

/** Undefined when the text is no backup id (unknown service or type, impossible date). */
export function parseBackupId(text: string): ParsedId | undefined {
  const [, service = '', type = '', ...digits] = ID.exec(text) ?? [];
  if (!isService(service) || !isBackupType(type)) return undefined;
  const [year, month, day, hour, minute, second] = digits;
  const at = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const date = new Date(at);
  const exists = !Number.isNaN(date.getTime()) && date.toISOString() === at;
  return exists ? { service, type, at } : undefined;
}

export function isBackupId(text: string): text is BackupId {
  return parseBackupId(text) !== undefined;
}
