import type { Condition, Health, Situation, VolumeSituation } from '../../model/situation.ts';
import type { Instant } from '../../model/vocabulary.ts';
import { exposition, type Family, type Sample, sampleOf, timestamp } from './exposition.ts';
import { serviceFamilies } from './service-metrics.ts';

/** What the monitor knows of itself. */
export interface OwnFigures {
  /** When the last look that succeeded began. */
  readonly lastLook?: Instant;
  readonly lookSeconds?: number;
  /** Looks, and tellings of them, that failed. */
  readonly errors: number;
}

/**
 * What Prometheus scrapes. Made of the situation anew for every scrape: there is no registry that could go on showing
 * what is no longer known. Ages are those of `now`. What is not known, and what is not built yet (replica, WAL, drills),
 * is absent.
 */
export function metricsText(situation: Situation, own: OwnFigures, now: Instant): string {
  return exposition([
    ...serviceFamilies(situation, now),
    ...volumeFamilies(situation.volumes),
    ...recoveryFamilies(situation),
    ...platformFamilies(situation, now),
    conditionFamily(situation.conditions),
    ...ownFamilies(own),
  ]);
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: 'gauge', samples };
}

function volumeFamilies(volumes: readonly VolumeSituation[]): Family[] {
  const of = (value: (each: VolumeSituation) => number | boolean | undefined): Sample[] =>
    volumes.flatMap((each) => sampleOf({ volume: each.volume }, value(each)));
  return [
    gauge(
      'volume_health_status',
      'Whether the use of a volume is below its thresholds.',
      of(({ health }) => isOk(health)),
    ),
    gauge(
      'volume_usage_percent',
      'Use of the file system that a volume lies on, in percent.',
      of((each) => each.usedPercent),
    ),
    gauge(
      'volume_used_bytes',
      'Bytes in use on a volume.',
      of((each) => each.usedBytes),
    ),
    gauge(
      'volume_free_bytes',
      'Bytes that may still be written to a volume.',
      of((each) => each.freeBytes),
    ),
    gauge(
      'volume_full_in_seconds',
      'Seconds until a volume is full if it grows on as it did; absent if it does not grow.',
      of((each) => each.fullInSeconds),
    ),
  ];
}

function isOk(health: Health): boolean | undefined {
  return health === 'unknown' ? undefined : health === 'ok';
}

function recoveryFamilies({ recovery }: Situation): Family[] {
  const { possible, from, skewSeconds, rpo, rto } = recovery;
  const one = (value: number | boolean | undefined): Sample[] => sampleOf({}, value);
  const isPossible = possible === 'unknown' ? undefined : possible === 'yes';
  return [
    gauge('backup_recovery_possible', 'Whether the platform could be recovered now.', one(isPossible)),
    gauge(
      'backup_recovery_point_timestamp_seconds',
      'The moment that a recovery now would lead back to: the earliest of its backups.',
      one(rpo.actualSeconds === undefined ? undefined : timestamp(from)), // not a moment that a wrong clock said
    ),
    gauge(
      'backup_recovery_point_skew_seconds',
      'Seconds between the moments of the backups that a recovery now would take.',
      one(skewSeconds),
    ),
    gauge('backup_rpo_target_seconds', 'Seconds of data that may be lost.', one(rpo.targetSeconds)),
    gauge('backup_rto_target_seconds', 'Seconds that a recovery may take.', one(rto.targetSeconds)),
    gauge('backup_rto_estimate_seconds', 'Seconds that the last recovery of all took.', one(rto.actualSeconds)),
  ];
}

function platformFamilies(situation: Situation, now: Instant): Family[] {
  const { at, keys, lock, retention, scheduler } = situation;
  const since = Math.max(0, (timestamp(now) ?? 0) - (timestamp(at) ?? 0));
  const seen = timestamp(at) ?? 0;
  return [
    gauge('backup_retention_enabled', 'Whether expired backups are removed.', retentionSamples(situation)),
    gauge(
      'backup_retention_last_run_timestamp_seconds',
      'When expired backups were last looked for.',
      sampleOf({}, timestamp(retention.lastRun?.began)),
    ),
    gauge(
      'backup_lock_age_seconds',
      'How long a run has held a service; absent while none does.',
      lock.flatMap(({ service, ageSeconds }) => sampleOf({ service }, ageSeconds + since)),
    ),
    gauge('backup_keys_exported', 'Whether the keys exist elsewhere too.', sampleOf({}, keys.exported)),
    gauge(
      'backup_key_created_timestamp_seconds',
      'When the current key was made.',
      sampleOf({}, timestamp(keys.createdAt)),
    ),
    gauge(
      'backup_scheduler_heartbeat_timestamp_seconds',
      'When the loop of a scheduler last did its round.',
      scheduler.heartbeats.flatMap(({ service, ageSeconds }) => sampleOf({ service }, seen - ageSeconds)),
    ),
  ];
}

/** Where nothing was read nothing is said of retention either, though the setting is at hand. */
function retentionSamples({ retention, services }: Situation): Sample[] {
  return services.every(({ health }) => health === 'unknown') ? [] : sampleOf({}, retention.enabled);
}

/** Conditions of the same labels are one sample. */
function conditionFamily(conditions: readonly Condition[]): Family {
  const samples = conditions.map(({ name, severity, service = '', type = '', volume = '' }) => ({
    labels: { name, severity, service, type, volume },
    value: 1,
  }));
  const unique = new Map(samples.map((each) => [JSON.stringify(each.labels), each]));
  return gauge('backup_condition', 'Something that needs a person.', [...unique.values()]);
}

function ownFamilies({ lastLook, lookSeconds, errors }: OwnFigures): Family[] {
  return [
    gauge(
      'backup_monitor_last_look_timestamp_seconds',
      'When the last look of the monitor that succeeded began.',
      sampleOf({}, timestamp(lastLook)),
    ),
    gauge('backup_monitor_look_seconds', 'How long the last look of the monitor took.', sampleOf({}, lookSeconds)),
    {
      name: 'backup_monitor_errors_total',
      help: 'Looks of the monitor, and deliveries of what it saw, that failed.',
      type: 'counter',
      samples: sampleOf({}, errors),
    },
  ];
}
