import type { Condition } from '../../src/model/situation.ts';

/** A condition of a service, named by its key. */
export function conditionOf(key: string, more: Partial<Condition> = {}): Condition {
  return {
    key,
    name: 'BackupStale',
    severity: 'warning',
    service: 'postgres',
    summary: `summary of ${key}`,
    hint: 'physics-backup status',
    ...more,
  };
}
