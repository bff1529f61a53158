import { M, NEO4J, ALL, m, steady, DAY, condition, type RuleCase } from './series.ts';

/** Of rules about the platform, and about who watches it. */
export const PLATFORM_CASES: readonly RuleCase[] = [
  {
    alert: 'BackupDrillOld',
    about: 'five weeks',
    series: { [`backup_last_drill_timestamp_seconds${NEO4J}`]: steady(-35 * DAY - 60) },
    at: 60,
    fires: [
      {
        labels: { ...m, service: 'neo4j', severity: 'warning' },
        summary: 'The last drill of neo4j was 35d 1h 1m 0s ago',
        description: 'see the log of the scheduler',
      },
    ],
  },
  {
    alert: 'BackupDrillOld',
    about: 'a week, and none where no drills are taken',
    series: { [`backup_last_drill_timestamp_seconds${NEO4J}`]: steady(-7 * DAY) },
    at: 70,
    fires: [],
  },
  {
    alert: 'BackupReplicaBehind',
    about: 'six hours',
    series: { [`backup_replica_backlog_bytes{store="s3",${M}}`]: steady(2048) },
    at: 360,
    fires: [
      {
        labels: { ...m, store: 's3', severity: 'warning' },
        summary: '2kiB have not reached the replica for six hours',
        description: 'physics-backup status',
      },
    ],
  },
  {
    alert: 'BackupReplicaBehind',
    about: 'one that catches up',
    series: { [`backup_replica_backlog_bytes{store="s3",${M}}`]: '9x100 0x10 9x300' },
    at: 390,
    fires: [],
  },
  {
    alert: 'BackupRecoveryImpossible',
    about: 'a quarter of an hour',
    series: { [`backup_recovery_possible${ALL}`]: steady(0) },
    at: 15,
    fires: [
      {
        labels: { ...m, severity: 'critical' },
        summary: 'The platform could not be recovered now',
        description: 'physics-backup status',
      },
    ],
  },
  {
    alert: 'BackupRecoveryImpossible',
    about: 'possible',
    series: { [`backup_recovery_possible${ALL}`]: steady(1) },
    at: 25,
    fires: [],
  },
  {
    alert: 'BackupRpoMissed',
    about: 'one service behind the target',
    series: {
      [`backup_rpo_target_seconds${ALL}`]: steady(4 * 3600),
      [`backup_rpo_actual_seconds${NEO4J}`]: steady(5 * 3600),
      [`backup_rpo_actual_seconds{service="redis",${M}}`]: steady(3600),
    },
    at: 30,
    fires: [
      {
        labels: { ...m, service: 'neo4j', severity: 'warning' },
        summary: 'A recovery of neo4j now would lose 5h 0m 0s',
        description: 'physics-backup backup all manual; RECOVERY_RPO_HOURS is the target',
      },
    ],
  },
  {
    alert: 'BackupRpoMissed',
    about: 'what no schedule could reach, which is said otherwise',
    series: {
      [`backup_rpo_target_seconds${ALL}`]: steady(4 * 3600),
      [`backup_rpo_actual_seconds${NEO4J}`]: steady(5 * 3600),
      [condition('RpoUnreachable')]: steady(1),
    },
    at: 40,
    fires: [],
  },
  {
    alert: 'BackupRtoMissed',
    about: 'two hours for one',
    series: { [`backup_rto_target_seconds${ALL}`]: steady(3600), [`backup_rto_estimate_seconds${ALL}`]: steady(7200) },
    at: 60,
    fires: [
      {
        labels: { ...m, severity: 'warning' },
        summary: 'The last recovery took 2h 0m 0s',
        description: 'PARALLEL_RECOVERY and PARALLEL_JOBS make it faster; RECOVERY_RTO_MINUTES is the target',
      },
    ],
  },
  {
    alert: 'BackupRtoMissed',
    about: 'as fast as asked',
    series: { [`backup_rto_target_seconds${ALL}`]: steady(3600), [`backup_rto_estimate_seconds${ALL}`]: steady(3600) },
    at: 70,
    fires: [],
  },
  {
    alert: 'BackupKeysNotExported',
    about: 'six hours',
    series: { [`backup_keys_exported${ALL}`]: steady(0) },
    at: 360,
    fires: [
      {
        labels: { ...m, severity: 'warning' },
        summary: 'The keys exist only on the machine that they protect',
        description: 'physics-backup keys export',
      },
    ],
  },
  {
    alert: 'BackupKeysNotExported',
    about: 'exported',
    series: { [`backup_keys_exported${ALL}`]: steady(1) },
    at: 370,
    fires: [],
  },
  {
    alert: 'BackupKeyOld',
    about: 'more than a year and a month',
    series: { [`backup_key_created_timestamp_seconds${ALL}`]: steady(-400 * DAY - 60) },
    at: 60,
    fires: [
      {
        labels: { ...m, severity: 'warning' },
        summary: 'The key is 400d 1h 1m 0s old',
        description: 'backup/scripts/common/encryption.sh rotate-keys',
      },
    ],
  },
  {
    alert: 'BackupKeyOld',
    about: 'a year',
    series: { [`backup_key_created_timestamp_seconds${ALL}`]: steady(-366 * DAY) },
    at: 70,
    fires: [],
  },
  {
    alert: 'BackupRetentionOff',
    about: 'a day',
    series: { [`backup_retention_enabled${ALL}`]: steady(0) },
    at: 1440,
    fires: [
      {
        labels: { ...m, severity: 'warning' },
        summary: 'Expired backups are not removed',
        description: 'CLEANUP_ENABLED=true, once physics-backup cleanup --dry-run shows what you expect',
      },
    ],
  },
  {
    alert: 'BackupRetentionOff',
    about: 'on',
    series: { [`backup_retention_enabled${ALL}`]: steady(1) },
    at: 1450,
    fires: [],
  },
  {
    alert: 'BackupRetentionNotRun',
    about: 'three days',
    series: {
      [`backup_retention_enabled${ALL}`]: steady(1),
      [`backup_retention_last_run_timestamp_seconds${ALL}`]: steady(-3 * DAY - 60),
    },
    at: 60,
    fires: [
      {
        labels: { ...m, severity: 'warning' },
        summary: 'Expired backups were last removed 3d 1h 1m 0s ago',
        description: 'physics-backup cleanup --dry-run; see the log of the scheduler',
      },
    ],
  },
  {
    alert: 'BackupRetentionNotRun',
    about: 'off, which is said otherwise',
    series: {
      [`backup_retention_enabled${ALL}`]: steady(0),
      [`backup_retention_last_run_timestamp_seconds${ALL}`]: steady(-30 * DAY),
    },
    at: 70,
    fires: [],
  },
  {
    alert: 'BackupMonitorDown',
    about: 'it does not answer',
    series: { [`up${ALL}`]: '1x10 0x100' },
    at: 16,
    fires: [
      {
        labels: { ...m, severity: 'critical' },
        summary: 'The backup monitor does not answer: nothing is known of the backups',
        description: 'docker compose -f backup/docker-compose.backup.yml up -d backup-monitor',
      },
    ],
  },
  {
    alert: 'BackupMonitorDown',
    about: 'nobody asks it',
    series: { 'up{job="other"}': steady(1) },
    at: 5,
    fires: [
      {
        labels: { job: 'physics-backup', severity: 'critical' },
        summary: 'The backup monitor does not answer: nothing is known of the backups',
        description: 'docker compose -f backup/docker-compose.backup.yml up -d backup-monitor',
      },
    ],
  },
  { alert: 'BackupMonitorDown', about: 'it answers', series: { [`up${ALL}`]: steady(1) }, at: 15, fires: [] },
  {
    alert: 'BackupMonitorBlind',
    about: 'it says so',
    series: {
      [`up${ALL}`]: steady(1),
      [`backup_monitor_last_look_timestamp_seconds${ALL}`]: steady(0),
      [condition('MonitorBlind', 'critical')]: steady(1),
    },
    at: 10,
    fires: [
      {
        labels: { ...m, name: 'MonitorBlind', service: 'redis', severity: 'critical' },
        summary: 'The backup monitor cannot see: nothing is known of the backups',
        description: 'physics-backup doctor',
      },
    ],
  },
  {
    alert: 'BackupMonitorBlind',
    about: 'its last look was hours ago',
    series: { [`up${ALL}`]: steady(1), [`backup_monitor_last_look_timestamp_seconds${ALL}`]: steady(0) },
    at: 131,
    fires: [
      {
        labels: { ...m, severity: 'critical' },
        summary: 'The backup monitor cannot see: nothing is known of the backups',
        description: 'physics-backup doctor',
      },
    ],
  },
  {
    alert: 'BackupMonitorBlind',
    about: 'it has never looked',
    series: { [`up${ALL}`]: steady(1) },
    at: 10,
    fires: [
      {
        labels: { ...m, severity: 'critical' },
        summary: 'The backup monitor cannot see: nothing is known of the backups',
        description: 'physics-backup doctor',
      },
    ],
  },
  {
    alert: 'BackupMonitorBlind',
    about: 'it looks',
    series: { [`up${ALL}`]: steady(1), [`backup_monitor_last_look_timestamp_seconds${ALL}`]: '0+60x1600' },
    at: 140,
    fires: [],
  },
  {
    alert: 'BackupSchedulerSilent',
    about: 'one for five minutes, and then five more; one that never ran',
    series: {
      [`backup_scheduler_heartbeat_timestamp_seconds${NEO4J}`]: steady(0),
      [condition('SchedulerSilent', 'critical', { service: 'neo4j' })]: '_x5 1x100',
      [condition('SchedulerSilent')]: '_x6 1x100',
    },
    at: 11,
    fires: [
      {
        labels: { ...m, service: 'neo4j', severity: 'critical' },
        summary: 'The scheduler of neo4j is silent: its backups are not taken by themselves',
        description: 'docker compose -f backup/docker-compose.backup.yml up -d neo4j-backup',
      },
      {
        labels: { ...m, name: 'SchedulerSilent', service: 'redis', severity: 'critical' },
        summary: 'The scheduler of redis is silent: its backups are not taken by themselves',
        description: 'docker compose -f backup/docker-compose.backup.yml up -d redis-backup',
      },
    ],
  },
  {
    alert: 'BackupSchedulerSilent',
    about: 'it beats',
    series: { [`backup_scheduler_heartbeat_timestamp_seconds${NEO4J}`]: '0+60x100' },
    at: 30,
    fires: [],
  },
  {
    alert: 'BackupNeedsAttention',
    about: 'what no other rule says, with its own severity',
    series: { [condition('LockHeld')]: steady(1), [condition('BackupFailed', 'critical')]: steady(1) },
    at: 15,
    fires: [
      {
        labels: { ...m, name: 'LockHeld', severity: 'warning', service: 'redis' },
        summary: 'LockHeld redis  ',
        description: 'physics-backup status',
      },
    ],
  },
  {
    alert: 'BackupNeedsAttention',
    about: 'what other rules say',
    series: { [condition('VolumeUsageHigh')]: steady(1), [condition('VolumeFilling')]: steady(1) },
    at: 25,
    fires: [],
  },
];
