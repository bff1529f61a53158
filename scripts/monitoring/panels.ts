// What the dashboard shows: title, query, unit. `$job` and `$service` are its variables.

/** How a figure is shown. */
export interface Figure {
  readonly title: string;
  readonly about: string;
  readonly expr: string;
  readonly kind: 'answer' | 'number' | 'lines' | 'table' | 'states';
  readonly unit?: string;
  readonly legend?: string;
  /** From this value on it is a warning, and from the second on critical; or the other way round. */
  readonly limits?: readonly [number, number];
  /** Columns of 24. */
  readonly width: number;
  /** It has no samples while all is well, or while there is no such thing. */
  readonly mayBeEmpty?: boolean;
}

export interface Section {
  readonly title: string;
  readonly figures: readonly Figure[];
}

const PLATFORM = '{job=~"$job"}';
const SERVICE = '{job=~"$job", service=~"$service"}';
const OF_TYPE = '{{service}} {{type}}';
const HOUR = 3600;
const DAY = 24 * HOUR;

const RECOVERY: Section = {
  title: 'Could we recover now',
  figures: [
    {
      title: 'Recovery possible',
      about: 'Whether the platform could be recovered now.',
      expr: `backup_recovery_possible${PLATFORM}`,
      kind: 'answer',
      width: 4,
    },
    {
      title: 'Back to',
      about: 'Age of the moment that a recovery now would lead back to.',
      expr: `time() - backup_recovery_point_timestamp_seconds${PLATFORM}`,
      kind: 'number',
      unit: 's',
      width: 4,
      mayBeEmpty: true,
    },
    {
      title: 'Most that may be lost, of the target',
      about: 'The service that would lose most, against RECOVERY_RPO_HOURS: 100 % is the target.',
      expr: `max by (job) (backup_rpo_actual_seconds${PLATFORM} / on (job, instance) group_left () backup_rpo_target_seconds${PLATFORM})`,
      kind: 'number',
      unit: 'percentunit',
      limits: [0.8, 1],
      width: 4,
    },
    {
      title: 'Last recovery took',
      about: 'Seconds, against RECOVERY_RTO_MINUTES; absent before the first.',
      expr: `backup_rto_estimate_seconds${PLATFORM}`,
      kind: 'number',
      unit: 's',
      width: 4,
      mayBeEmpty: true,
    },
    {
      title: 'Skew of the point',
      about: 'Seconds between the moments of the backups that a recovery now would take.',
      expr: `backup_recovery_point_skew_seconds${PLATFORM}`,
      kind: 'number',
      unit: 's',
      width: 4,
      mayBeEmpty: true,
    },
    {
      title: 'Needs a person',
      about: 'How many conditions do; none is only said by a monitor that looks.',
      expr: `sum by (job) (backup_condition${PLATFORM}) or sum by (job) (0 * backup_monitor_last_look_timestamp_seconds${PLATFORM})`,
      kind: 'number',
      limits: [1, 5],
      width: 4,
    },
    {
      title: 'What needs a person',
      about: 'Conditions by name; physics-backup status says them in words, with the command that helps.',
      expr: `backup_condition${PLATFORM}`,
      kind: 'table',
      width: 24,
      mayBeEmpty: true,
    },
  ],
};

const BACKUPS: Section = {
  title: 'Backups',
  figures: [
    {
      title: 'State',
      about: 'Whether the newest attempt of each type gave a good backup.',
      expr: `backup_status${SERVICE}`,
      kind: 'states',
      legend: OF_TYPE,
      width: 12,
    },
    {
      title: 'Validation',
      about: 'Whether the last check of a backup passed.',
      expr: `backup_validation_status${SERVICE}`,
      kind: 'states',
      legend: OF_TYPE,
      width: 12,
    },
    {
      title: 'Age, of what its schedule allows',
      about: '100 %: stale by the own schedule of the type.',
      expr: `backup_age_hours${SERVICE} * ${HOUR} / on (job, instance, service, type) backup_stale_after_seconds${SERVICE}`,
      kind: 'lines',
      unit: 'percentunit',
      legend: OF_TYPE,
      width: 12,
    },
    {
      title: 'Age',
      about: 'Age of the newest good backup.',
      expr: `backup_age_hours${SERVICE}`,
      kind: 'lines',
      unit: 'h',
      legend: OF_TYPE,
      width: 12,
    },
    {
      title: 'Size',
      about: 'Stored bytes of the newest good backup.',
      expr: `backup_size_bytes${SERVICE}`,
      kind: 'lines',
      unit: 'bytes',
      legend: OF_TYPE,
      width: 12,
    },
    {
      title: 'Duration of validation',
      about: 'Seconds that the last check took.',
      expr: `backup_validation_duration${SERVICE}`,
      kind: 'lines',
      unit: 's',
      legend: OF_TYPE,
      width: 12,
    },
    {
      title: 'Runs in a day',
      about: 'Backup runs of the last day by how they ended.',
      expr: `sum by (service, result) (increase(backup_runs_total${SERVICE}[1d]))`,
      kind: 'lines',
      legend: '{{service}} {{result}}',
      width: 12,
    },
    {
      title: 'Stored',
      about: 'Stored bytes of all backups.',
      expr: `sum by (service) (backup_stored_bytes${SERVICE})`,
      kind: 'lines',
      unit: 'bytes',
      legend: '{{service}}',
      width: 12,
    },
    {
      title: 'Next run in',
      about: 'Seconds until the next slot of each type.',
      expr: `sort(backup_next_run_timestamp_seconds${SERVICE} - time())`,
      kind: 'number',
      unit: 's',
      legend: OF_TYPE,
      width: 24,
    },
  ],
};

const VOLUMES: Section = {
  title: 'Volumes',
  figures: [
    {
      title: 'Use',
      about: 'Of the file system that a volume lies on.',
      expr: `volume_usage_percent${PLATFORM}`,
      kind: 'lines',
      unit: 'percent',
      legend: '{{volume}}',
      width: 12,
    },
    {
      title: 'Bytes in use',
      about: 'On each volume.',
      expr: `volume_used_bytes${PLATFORM}`,
      kind: 'lines',
      unit: 'bytes',
      legend: '{{volume}}',
      width: 12,
    },
    {
      title: 'Below its thresholds',
      about: 'Whether the use of a volume is.',
      expr: `volume_health_status${PLATFORM}`,
      kind: 'states',
      legend: '{{volume}}',
      width: 12,
    },
    {
      title: 'Full in',
      about: 'If it grows on as it did; absent if it does not grow.',
      expr: `volume_full_in_seconds${PLATFORM}`,
      kind: 'number',
      unit: 's',
      legend: '{{volume}}',
      width: 12,
      mayBeEmpty: true,
    },
  ],
};

const KEEPING: Section = {
  title: 'Keys, retention, and who watches',
  figures: [
    {
      title: 'Keys exported',
      about: 'Whether the keys exist elsewhere too.',
      expr: `backup_keys_exported${PLATFORM}`,
      kind: 'answer',
      width: 4,
      mayBeEmpty: true,
    },
    {
      title: 'Age of the key',
      about: 'It is to be rotated once a year.',
      expr: `time() - backup_key_created_timestamp_seconds${PLATFORM}`,
      kind: 'number',
      unit: 's',
      limits: [366 * DAY, 400 * DAY],
      width: 4,
    },
    {
      title: 'Expired backups are removed',
      about: 'CLEANUP_ENABLED.',
      expr: `backup_retention_enabled${PLATFORM}`,
      kind: 'answer',
      width: 4,
    },
    {
      title: 'Removed without a record',
      about: 'Backups that are missing, by service.',
      expr: `backup_sequence_gaps${SERVICE}`,
      kind: 'number',
      legend: '{{service}}',
      limits: [1, 1],
      width: 4,
    },
    {
      title: 'Damaged manifests',
      about: 'Files among the backups that are not what was written.',
      expr: `backup_damaged_manifests${SERVICE}`,
      kind: 'number',
      legend: '{{service}}',
      limits: [1, 1],
      width: 4,
    },
    {
      title: 'Locked for',
      about: 'How long a run has held a service; absent while none does.',
      expr: `backup_lock_age_seconds${SERVICE}`,
      kind: 'number',
      unit: 's',
      legend: '{{service}}',
      width: 4,
      mayBeEmpty: true,
    },
    {
      title: 'Scheduler silent for',
      about: 'Since the loop of a scheduler last did its round.',
      expr: `time() - backup_scheduler_heartbeat_timestamp_seconds${SERVICE}`,
      kind: 'lines',
      unit: 's',
      legend: '{{service}}',
      width: 8,
    },
    {
      title: 'Last look of the monitor',
      about: 'Since the last look that succeeded began.',
      expr: `time() - backup_monitor_last_look_timestamp_seconds${PLATFORM}`,
      kind: 'lines',
      unit: 's',
      width: 8,
    },
    {
      title: 'Errors of the monitor in an hour',
      about: 'Looks, and deliveries of what it saw, that failed.',
      expr: `increase(backup_monitor_errors_total${PLATFORM}[1h])`,
      kind: 'lines',
      width: 8,
    },
  ],
};

export const SECTIONS: readonly Section[] = [RECOVERY, BACKUPS, VOLUMES, KEEPING];
