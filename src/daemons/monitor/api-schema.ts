import * as v from 'valibot';
import { RUN_KINDS } from '../../model/runs.ts';
import type { Situation } from '../../model/situation.ts';
import { BACKUP_TYPES, type BackupId, isBackupId, SERVICES } from '../../model/vocabulary.ts';

// What the JSON API answers, in the one place that its description, its types and its tests are made from. Every object
// is closed: a field that is not written down here is a mistake of one of them.

const id = v.pipe(
  v.string(),
  v.guard((text): text is BackupId => isBackupId(text)),
  v.description('<service>_<type>_<YYYYMMDD>_<HHMMSS>, UTC'),
);
const instant = v.pipe(v.string(), v.isoTimestamp(), v.description('ISO 8601, UTC'));
const seconds = v.number();
const bytes = v.pipe(v.number(), v.minValue(0));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const service = v.picklist(SERVICES);
const type = v.picklist(BACKUP_TYPES);
const health = v.picklist(['ok', 'warning', 'critical', 'unknown']);

const target = v.pipe(
  v.strictObject({
    targetSeconds: seconds,
    actualSeconds: v.exactOptional(seconds),
    met: v.exactOptional(v.boolean()),
  }),
  v.description('a target and what it is; without "met" it is not known whether it is met'),
);

export const runSchema = v.strictObject({
  kind: v.picklist(RUN_KINDS),
  service,
  type: v.exactOptional(type),
  began: instant,
  seconds,
  code: v.pipe(v.number(), v.integer(), v.description('exit code')),
  id: v.exactOptional(id),
  trigger: v.picklist(['schedule', 'command']),
  slot: v.exactOptional(instant),
  message: v.exactOptional(v.string()),
});

export const backupSchema = v.strictObject({
  id,
  type,
  at: instant,
  seconds,
  storedBytes: bytes,
  verified: v.boolean(),
});

const validation = v.strictObject({
  at: instant,
  level: v.string(),
  passed: v.boolean(),
  seconds: v.exactOptional(seconds),
});

const typeSchema = v.strictObject({
  type,
  health,
  schedule: v.exactOptional(v.string()),
  next: v.exactOptional(instant),
  lastRun: v.exactOptional(runSchema),
  good: v.exactOptional(v.pipe(v.boolean(), v.description('whether the newest attempt gave a good backup'))),
  lastSuccess: v.exactOptional(backupSchema),
  lastVerified: v.exactOptional(backupSchema),
  staleAfterSeconds: v.exactOptional(seconds),
  count: v.exactOptional(count),
  storedBytes: v.exactOptional(bytes),
  lastValidation: v.exactOptional(validation),
});

export const serviceSchema = v.strictObject({
  service,
  health,
  rpo: target,
  types: v.array(typeSchema),
  backups: v.array(backupSchema),
  runs: v.array(runSchema),
  runTotals: v.array(v.strictObject({ type, result: v.picklist(['success', 'failure']), count })),
  gaps: v.exactOptional(count),
  damaged: v.array(v.string()),
});

export const volumeSchema = v.strictObject({
  volume: v.string(),
  health,
  usedPercent: v.exactOptional(v.number()),
  usedBytes: v.exactOptional(bytes),
  freeBytes: v.exactOptional(bytes),
  fullInSeconds: v.exactOptional(seconds),
  why: v.exactOptional(v.string()),
});

export const conditionSchema = v.pipe(
  v.strictObject({
    key: v.string(),
    name: v.string(),
    severity: v.picklist(['critical', 'warning']),
    service: v.exactOptional(service),
    type: v.exactOptional(type),
    volume: v.exactOptional(v.string()),
    summary: v.string(),
    hint: v.pipe(v.string(), v.description('the command that helps')),
  }),
  v.description('something that needs a person'),
);

export const recoverySchema = v.strictObject({
  possible: v.picklist(['yes', 'no', 'unknown']),
  why: v.string(),
  warnings: v.array(v.string()),
  point: v.exactOptional(v.string()),
  choice: v.array(v.strictObject({ service, id, at: instant, verified: v.boolean() })),
  from: v.exactOptional(instant),
  to: v.exactOptional(instant),
  skewSeconds: v.exactOptional(seconds),
  estimatedSeconds: v.exactOptional(seconds),
  rpo: target,
  rto: target,
});

export const situationSchema: v.GenericSchema<unknown, Situation> = v.strictObject({
  at: instant,
  recovery: recoverySchema,
  services: v.array(serviceSchema),
  volumes: v.array(volumeSchema),
  conditions: v.array(conditionSchema),
  scheduler: v.strictObject({
    heartbeatAge: v.exactOptional(seconds),
    services: v.array(service),
    heartbeats: v.array(v.strictObject({ service, ageSeconds: seconds })),
  }),
  keys: v.strictObject({
    active: v.exactOptional(v.string()),
    createdAt: v.exactOptional(instant),
    exported: v.exactOptional(v.boolean()),
  }),
  lock: v.array(v.strictObject({ service, ageSeconds: seconds, holder: v.exactOptional(v.string()) })),
  retention: v.strictObject({ enabled: v.boolean(), lastRun: v.exactOptional(runSchema) }),
});

/** How well what follows is known. */
export const sightSchema = v.pipe(
  v.strictObject({
    state: v.picklist(['current', 'stale', 'none']),
    ageSeconds: v.exactOptional(seconds),
    why: v.exactOptional(v.string()),
  }),
  v.description('how well it is known; where not current, nothing in it is vouched for'),
);

export const problemSchema = v.pipe(
  v.strictObject({ type: v.string(), title: v.string(), status: v.pipe(v.number(), v.integer()), detail: v.string() }),
  v.description('RFC 9457'),
);

/** Those that the description gives a name. */
export const NAMED_SCHEMAS = {
  Service: service,
  BackupType: type,
  Health: health,
  Target: target,
  Run: runSchema,
  Backup: backupSchema,
  TypeSituation: typeSchema,
  ServiceSituation: serviceSchema,
  VolumeSituation: volumeSchema,
  Condition: conditionSchema,
  RecoverySituation: recoverySchema,
  Situation: situationSchema,
  Sight: sightSchema,
  Problem: problemSchema,
} as const;
