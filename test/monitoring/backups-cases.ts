import { condition, M, DAILY, YEARLY, NEO4J, VOLUME, m, daily, volume, steady, DAY, type RuleCase } from './series.ts';

/** Of rules about backups and volumes. */
export const BACKUPS_CASES: readonly RuleCase[] = [
  {
    alert: 'BackupFailed',
    about: 'a backup that failed a quarter of an hour ago',
    series: { [`backup_status${DAILY}`]: '1x10 0x200' },
    at: 26,
    fires: [
      {
        labels: { ...daily, severity: 'critical' },
        summary: 'The last daily backup of postgres failed',
        description: 'physics-backup status; physics-backup doctor postgres',
      },
    ],
  },
  { alert: 'BackupFailed', about: 'good ones', series: { [`backup_status${DAILY}`]: steady(1) }, at: 25, fires: [] },
  {
    alert: 'BackupFailed',
    about: 'one that was repeated at once',
    series: { [`backup_status${DAILY}`]: '0x10 1x600' },
    at: 20,
    fires: [],
  },
  {
    alert: 'BackupStale',
    about: 'a daily one of 27 hours, and not a yearly one of 300 days',
    series: {
      [`backup_age_hours${DAILY}`]: steady(27),
      [`backup_stale_after_seconds${DAILY}`]: steady(26 * 3600),
      [`backup_age_hours${YEARLY}`]: steady(300 * 24),
      [`backup_stale_after_seconds${YEARLY}`]: steady(366 * DAY),
    },
    at: 30,
    fires: [
      {
        labels: { ...daily, severity: 'warning' },
        summary: 'The newest daily backup of postgres is older than its schedule allows',
        description: 'physics-backup backup postgres daily',
      },
    ],
  },
  {
    alert: 'BackupStale',
    about: 'one that was never taken; said once of one that is old, too',
    series: {
      [`backup_age_hours${DAILY}`]: steady(27),
      [`backup_stale_after_seconds${DAILY}`]: steady(26 * 3600),
      [condition('BackupStale', 'warning', { service: 'postgres', type: 'daily' })]: steady(1),
      [condition('BackupStale', 'warning', { service: 'redis', type: 'weekly' })]: steady(1),
    },
    at: 30,
    fires: [
      {
        labels: { ...daily, severity: 'warning' },
        summary: 'The newest daily backup of postgres is older than its schedule allows',
        description: 'physics-backup backup postgres daily',
      },
      {
        labels: { ...daily, name: 'BackupStale', service: 'redis', type: 'weekly', severity: 'warning' },
        summary: 'The newest weekly backup of redis is older than its schedule allows',
        description: 'physics-backup backup redis weekly',
      },
    ],
  },
  {
    alert: 'BackupStale',
    about: 'ages below their own limits, and one without a schedule',
    series: {
      [`backup_age_hours${DAILY}`]: steady(25.9),
      [`backup_stale_after_seconds${DAILY}`]: steady(26 * 3600),
      [`backup_age_hours${YEARLY}`]: steady(5000),
    },
    at: 40,
    fires: [],
  },
  {
    alert: 'VolumeUsageHigh',
    about: 'one over the first threshold, one over the second, one over none',
    series: {
      [`volume_usage_percent${VOLUME}`]: steady(80),
      [condition('VolumeUsageHigh', 'warning', { volume: 'backup-postgres' })]: steady(1),
      [`volume_usage_percent{volume="backup-redis",${M}}`]: steady(95.4),
      [condition('VolumeUsageHigh', 'critical', { volume: 'backup-redis' })]: steady(1),
      [`volume_usage_percent{volume="data",${M}}`]: steady(79),
    },
    at: 15,
    fires: [
      {
        labels: { ...volume, severity: 'warning' },
        summary: 'Volume backup-postgres is 80 % full',
        description: 'physics-backup cleanup --dry-run',
      },
      {
        labels: { ...volume, volume: 'backup-redis', severity: 'critical' },
        summary: 'Volume backup-redis is 95 % full',
        description: 'physics-backup cleanup --dry-run',
      },
    ],
  },
  {
    alert: 'VolumeUsageHigh',
    about: 'less than is too much here',
    series: { [`volume_usage_percent${VOLUME}`]: steady(94) },
    at: 25,
    fires: [],
  },
  {
    alert: 'VolumeFillingUp',
    about: 'six days, as the monitor reckons',
    series: { [`volume_full_in_seconds${VOLUME}`]: steady(6 * DAY) },
    at: 60,
    fires: [
      {
        labels: { ...volume, severity: 'warning' },
        summary: 'Volume backup-postgres will be full within days',
        description: 'physics-backup cleanup --dry-run; or make the volume larger',
      },
    ],
  },
  {
    alert: 'VolumeFillingUp',
    about: 'three days, as it went in the last six hours',
    sudden: false,
    series: { [`volume_free_bytes${VOLUME}`]: '4000000-1000x200' },
    at: 121,
    fires: [
      {
        labels: { ...volume, severity: 'warning' },
        summary: 'Volume backup-postgres will be full within days',
        description: 'physics-backup cleanup --dry-run; or make the volume larger',
      },
    ],
  },
  {
    alert: 'VolumeFillingUp',
    about: 'weeks; a volume that does not grow; one that was seen only twice',
    series: {
      [`volume_full_in_seconds${VOLUME}`]: steady(8 * DAY),
      [`volume_free_bytes{volume="data",${M}}`]: steady(1000),
      [`volume_free_bytes{volume="new",${M}}`]: '_x120 1000 1',
    },
    at: 130,
    fires: [],
  },
  {
    alert: 'BackupNotVerified',
    about: 'a newest one that is not the newest verified one, and one of none',
    series: {
      [`backup_last_success_timestamp_seconds${DAILY}`]: steady(2),
      [`backup_last_verified_timestamp_seconds${DAILY}`]: steady(1),
      [`backup_last_success_timestamp_seconds${YEARLY}`]: steady(1),
    },
    at: 120,
    fires: [
      {
        labels: { ...daily, severity: 'warning' },
        summary: 'The newest daily backup of postgres is not verified',
        description: 'physics-backup validate --all',
      },
      {
        labels: { ...daily, type: 'yearly', severity: 'warning' },
        summary: 'The newest yearly backup of postgres is not verified',
        description: 'physics-backup validate --all',
      },
    ],
  },
  {
    alert: 'BackupNotVerified',
    about: 'hourly ones that are verified minutes later',
    series: {
      [`backup_last_success_timestamp_seconds${DAILY}`]: '1x59 2x60 3x200',
      [`backup_last_verified_timestamp_seconds${DAILY}`]: '1x69 2x60 3x200',
    },
    at: 125,
    fires: [],
  },
  {
    alert: 'BackupValidationFailed',
    about: 'one that failed',
    series: { [`backup_validation_status${DAILY}`]: steady(0) },
    at: 5,
    fires: [
      {
        labels: { ...daily, severity: 'critical' },
        summary: 'The last validation of a daily backup of postgres failed',
        description: 'physics-backup validate --all; physics-backup backup postgres daily',
      },
    ],
  },
  {
    alert: 'BackupValidationFailed',
    about: 'good ones',
    series: { [`backup_validation_status${DAILY}`]: steady(1) },
    at: 15,
    fires: [],
  },
  {
    alert: 'BackupSequenceGap',
    about: 'two that are gone',
    series: { [`backup_sequence_gaps${NEO4J}`]: steady(2) },
    at: 5,
    fires: [
      {
        labels: { ...m, service: 'neo4j', severity: 'critical' },
        summary: '2 backups of neo4j are gone, and nobody removed them',
        description: 'find out who removes backups; physics-backup doctor neo4j',
      },
    ],
  },
  {
    alert: 'BackupSequenceGap',
    about: 'none',
    series: { [`backup_sequence_gaps${NEO4J}`]: steady(0) },
    at: 15,
    fires: [],
  },
  {
    alert: 'BackupManifestDamaged',
    about: 'one',
    series: { [`backup_damaged_manifests${NEO4J}`]: steady(1) },
    at: 5,
    fires: [
      {
        labels: { ...m, service: 'neo4j', severity: 'critical' },
        summary: '1 manifests of neo4j are damaged',
        description: 'physics-backup list neo4j; find out who writes to the backups',
      },
    ],
  },
  {
    alert: 'BackupManifestDamaged',
    about: 'none',
    series: { [`backup_damaged_manifests${NEO4J}`]: steady(0) },
    at: 15,
    fires: [],
  },
];
