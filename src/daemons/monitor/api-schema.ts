import { z } from 'zod';
import { RUN_KINDS } from '../../model/runs.ts';
import type { Situation } from '../../model/situation.ts';
import { BACKUP_TYPES, type BackupId, isBackupId, SERVICES } from '../../model/vocabulary.ts';

// What the JSON API answers, in the one place that its description, its types and its tests are made from. Every object
// is closed: a field that is not written down here is a mistake of one of them.

const id = z
  .string()
  .refine((text): text is BackupId => isBackupId(text))
  .meta({ description: '<service>_<type>_<YYYYMMDD>_<HHMMSS>, UTC' });
const instant = z.string().meta({ format: 'date-time', description: 'ISO 8601, UTC' });
const seconds = z.number();
const bytes = z.number().nonnegative();
const count = z.int().nonnegative();
const service = z.enum(SERVICES).meta({ id: 'Service' });
const type = z.enum(BACKUP_TYPES).meta({ id: 'BackupType' });
const health = z.enum(['ok', 'warning', 'critical', 'unknown']).meta({ id: 'Health' });

const target = z
  .strictObject({ targetSeconds: seconds, actualSeconds: seconds.exactOptional(), met: z.boolean().exactOptional() })
  .meta({ id: 'Target', description: 'a target and what it is; without "met" it is not known whether it is met' });

export const runSchema = z
  .strictObject({
    kind: z.enum(RUN_KINDS),
    service,
    type: type.exactOptional(),
    began: instant,
    seconds,
    code: z.int().meta({ description: 'exit code' }),
    id: id.exactOptional(),
    trigger: z.enum(['schedule', 'command']),
    slot: instant.exactOptional(),
    message: z.string().exactOptional(),
  })
  .meta({ id: 'Run' });

export const backupSchema = z
  .strictObject({ id, type, at: instant, seconds, storedBytes: bytes, verified: z.boolean() })
  .meta({ id: 'Backup' });

const validation = z.strictObject({
  at: instant,
  level: z.string(),
  passed: z.boolean(),
  seconds: seconds.exactOptional(),
});

const typeSchema = z
  .strictObject({
    type,
    health,
    schedule: z.string().exactOptional(),
    next: instant.exactOptional(),
    lastRun: runSchema.exactOptional(),
    good: z.boolean().exactOptional().meta({ description: 'whether the newest attempt gave a good backup' }),
    lastSuccess: backupSchema.exactOptional(),
    lastVerified: backupSchema.exactOptional(),
    staleAfterSeconds: seconds.exactOptional(),
    count: count.exactOptional(),
    storedBytes: bytes.exactOptional(),
    lastValidation: validation.exactOptional(),
  })
  .meta({ id: 'TypeSituation' });

export const serviceSchema = z
  .strictObject({
    service,
    health,
    rpo: target,
    types: z.array(typeSchema),
    backups: z.array(backupSchema),
    runs: z.array(runSchema),
    runTotals: z.array(z.strictObject({ type, result: z.enum(['success', 'failure']), count })),
    gaps: count.exactOptional(),
    damaged: z.array(z.string()),
  })
  .meta({ id: 'ServiceSituation' });

export const volumeSchema = z
  .strictObject({
    volume: z.string(),
    health,
    usedPercent: z.number().exactOptional(),
    usedBytes: bytes.exactOptional(),
    freeBytes: bytes.exactOptional(),
    fullInSeconds: seconds.exactOptional(),
    why: z.string().exactOptional(),
  })
  .meta({ id: 'VolumeSituation' });

export const conditionSchema = z
  .strictObject({
    key: z.string(),
    name: z.string(),
    severity: z.enum(['critical', 'warning']),
    service: service.exactOptional(),
    type: type.exactOptional(),
    volume: z.string().exactOptional(),
    summary: z.string(),
    hint: z.string().meta({ description: 'the command that helps' }),
  })
  .meta({ id: 'Condition', description: 'something that needs a person' });

export const recoverySchema = z
  .strictObject({
    possible: z.enum(['yes', 'no', 'unknown']),
    why: z.string(),
    warnings: z.array(z.string()),
    point: z.string().exactOptional(),
    choice: z.array(z.strictObject({ service, id, at: instant, verified: z.boolean() })),
    from: instant.exactOptional(),
    to: instant.exactOptional(),
    skewSeconds: seconds.exactOptional(),
    estimatedSeconds: seconds.exactOptional(),
    rpo: target,
    rto: target,
  })
  .meta({ id: 'RecoverySituation' });

const situation = z.strictObject({
  at: instant,
  recovery: recoverySchema,
  services: z.array(serviceSchema),
  volumes: z.array(volumeSchema),
  conditions: z.array(conditionSchema),
  scheduler: z.strictObject({
    heartbeatAge: seconds.exactOptional(),
    services: z.array(service),
    heartbeats: z.array(z.strictObject({ service, ageSeconds: seconds })),
  }),
  keys: z.strictObject({
    active: z.string().exactOptional(),
    createdAt: instant.exactOptional(),
    exported: z.boolean().exactOptional(),
  }),
  lock: z.array(z.strictObject({ service, ageSeconds: seconds, holder: z.string().exactOptional() })),
  retention: z.strictObject({ enabled: z.boolean(), lastRun: runSchema.exactOptional() }),
});

const checked: z.ZodType<Situation> = situation;
export const situationSchema = checked.meta({ id: 'Situation' });

/** How well what follows is known. */
export const sightSchema = z
  .strictObject({
    state: z.enum(['current', 'stale', 'none']),
    ageSeconds: seconds.exactOptional(),
    why: z.string().exactOptional(),
  })
  .meta({ id: 'Sight', description: 'how well it is known; where not current, nothing in it is vouched for' });

export const problemSchema = z
  .strictObject({ type: z.string(), title: z.string(), status: z.int(), detail: z.string() })
  .meta({ description: 'RFC 9457' });
