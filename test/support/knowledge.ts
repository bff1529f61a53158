import type { BackupSummary } from '../../src/model/backup.ts';
import type { Expectations, Knowledge, ServiceKnowledge } from '../../src/model/knowledge.ts';
import type { RunRecord } from '../../src/model/runs.ts';
import { backupId, type BackupType, type Instant, type Service } from '../../src/model/vocabulary.ts';

export const ASKED: Expectations = {
  services: ['postgres'],
  zone: 'UTC',
  maxAgeHours: 26,
  minSizeBytes: 0,
  rtoSeconds: 3600,
  rpoSeconds: 48 * 3600,
  timeLimitSeconds: 7200,
  warnPercent: 80,
  criticalPercent: 95,
  cleanup: true,
  validation: true,
};

/** A verified backup of that moment. */
export function summary(
  service: Service,
  type: BackupType,
  at: Instant,
  changes: Partial<BackupSummary> = {},
): BackupSummary {
  const later = new Date(Date.parse(at) + 60_000).toISOString();
  return {
    id: backupId(service, type, at),
    service,
    type,
    sequence: Date.parse(at) / 1000,
    startedAt: at,
    moment: at,
    committedAt: later,
    storedBytes: 1000,
    consistency: 'consistent',
    suspect: [],
    purpose: 'scheduled',
    recoveryPoint: null,
    outcomes: [
      { level: 'integrity', passed: true, at: later, seconds: 1 },
      { level: 'content', passed: true, at: later, seconds: 2 },
    ],
    verified: true,
    failed: false,
    ...changes,
  };
}

export const UNCHECKED: Partial<BackupSummary> = { outcomes: [], verified: false };

export function failedCheck(at: Instant): Partial<BackupSummary> {
  return { outcomes: [{ level: 'integrity', passed: false, at, seconds: 1 }], verified: false, failed: true };
}

/** A service on a daily schedule at two whose scheduler runs. */
export function serviceKnown(
  backups: readonly BackupSummary[],
  changes: Partial<ServiceKnowledge> = {},
): ServiceKnowledge {
  return {
    service: 'postgres',
    stored: { backups, damaged: [], gaps: [], missing: 0 },
    troubles: [],
    runs: [],
    totals: [],
    runsTorn: false,
    schedules: [{ type: 'daily', cron: '0 2 * * *' }],
    slots: {},
    heartbeatAge: 3,
    ...changes,
  };
}

export function known(at: Instant, services: readonly ServiceKnowledge[]): Knowledge {
  return {
    at,
    services,
    volumes: [],
    samples: [],
    keys: { active: '0123456789abcdef', createdAt: '2026-01-01T00:00:00.000Z' },
  };
}

export function runRecord(began: Instant, code: number, changes: Partial<RunRecord> = {}): RunRecord {
  return {
    kind: 'backup',
    service: 'postgres',
    type: 'daily',
    began,
    seconds: 60,
    code,
    trigger: 'schedule',
    ...changes,
  };
}
