import { SERVICES } from '../model/vocabulary.ts';
import {
  boolean,
  choice,
  choices,
  choicesOrNone,
  command,
  compression,
  directory,
  httpsUrl,
  httpUrl,
  integer,
  namedPaths,
  text,
  token,
} from './kinds.ts';
import { optional, secret, unbuilt, type Variable, variable } from './variable.ts';

const MANY = Number.MAX_SAFE_INTEGER;
const port = integer(1, 65535);

/** Every setting but schedules and retention, by concern (docs/architecture.md, "Interfaces that must not change"). */
export const SCHEMA = {
  services: {
    expected: variable('BACKUP_SERVICES', choices(...SERVICES), SERVICES.join(','), 'services of this platform'),
    agents: variable(
      'AGENT_SERVICES',
      choicesOrNone(...SERVICES),
      SERVICES.join(','),
      'services whose tools are here; the others are reached through AGENT_DIR',
    ),
    sockets: variable('AGENT_DIR', directory, '/run/physics-backup', 'sockets of the agents of services'),
  },
  postgres: {
    host: variable('POSTGRES_HOST', text, 'postgres', 'host name or socket directory'),
    port: variable('POSTGRES_PORT', port, '5432', 'port'),
    database: variable('POSTGRES_DB', text, 'physics_assistant', 'database that is backed up'),
    user: variable('POSTGRES_USER', text, 'physics_user', 'role that captures'),
    password: secret('PHYSICS_DB_PASSWORD', 'password of POSTGRES_USER'),
    superuser: variable('POSTGRES_SUPERUSER', text, 'postgres', 'role for role passwords and for restores'),
    superuserPassword: secret('POSTGRES_PASSWORD', 'password of POSTGRES_SUPERUSER'),
  },
  neo4j: {
    host: variable('NEO4J_HOST', text, 'neo4j', 'host name'),
    port: variable('NEO4J_PORT', port, '7687', 'Bolt port'),
    user: variable('NEO4J_USER', text, 'neo4j', 'user'),
    password: secret('NEO4J_PASSWORD', 'password of NEO4J_USER'),
    database: variable('NEO4J_DATABASE', text, 'neo4j', 'database that is backed up'),
    home: variable('NEO4J_HOME', directory, '/var/lib/neo4j', 'installation that sandboxes run'),
    dataDirectory: optional('NEO4J_DATA_DIR', directory, 'data directory of the server, to exchange its store'),
    container: optional('NEO4J_CONTAINER', text, 'container of the server that a restore may stop and start'),
    stopCommand: optional('NEO4J_STOP_COMMAND', command, 'stops the server where it is no container'),
    startCommand: optional('NEO4J_START_COMMAND', command, 'starts it again, in the background'),
    dockerHost: variable('DOCKER_HOST', text, 'unix:///var/run/docker.sock', 'Docker engine of NEO4J_CONTAINER'),
  },
  redis: {
    host: variable('REDIS_HOST', text, 'redis', 'host name'),
    port: variable('REDIS_PORT', port, '6379', 'port'),
    user: optional('REDIS_USER', text, 'ACL user; the default user unless set'),
    password: secret('REDIS_PASSWORD', 'password'),
    sandboxHost: optional(
      'REDIS_SANDBOX_HOST',
      text,
      'name or address of this machine as Redis reaches it, where it is not the one that we connect from',
    ),
  },
  application: {
    paths: optional('APPLICATION_PATHS', namedPaths, 'directories by name'),
  },
  repository: {
    directory: variable('BACKUP_DIR', directory, '/backups', 'where backups lie'),
    secrets: variable('SECRETS_DIR', directory, '/secrets', 'where the keyring lies'),
    compression: variable('BACKUP_COMPRESSION', compression, 'true', 'compression of stored backups'),
    level: variable('COMPRESSION_LEVEL', integer(1, 9), '3', 'compression level'),
    encryption: variable('BACKUP_ENCRYPTION', boolean, 'true', 'encryption of stored backups'),
  },
  run: {
    logs: variable('LOG_DIR', directory, '/logs', 'log files'),
    state: variable('STATE_DIR', directory, '/state', 'recovery journals and work directories'),
    parallelJobs: variable('PARALLEL_JOBS', integer(1, 64), '2', 'processes or connections at once per service'),
    timeout: variable('BACKUP_TIMEOUT', integer(1, 604_800, 'seconds'), '7200', 'time limit of a backup in seconds'),
    validation: variable('VALIDATION_ENABLED', boolean, 'true', 'read back and check each backup at once'),
    dryRun: unbuilt(variable('DRY_RUN', boolean, 'false', 'change nothing'), 'a dry run'),
  },
  recovery: {
    mode: unbuilt(
      variable('RECOVERY_MODE', choice('live', 'test'), 'live', 'recover into the live services, or only test it'),
      'a recovery test in sandboxes',
      (mode) => mode === 'test',
    ),
    parallel: variable('PARALLEL_RECOVERY', boolean, 'true', 'stage the services at the same time'),
    rtoMinutes: variable('RECOVERY_RTO_MINUTES', integer(1, MANY, 'minutes'), '60', 'target: minutes to recover'),
    rpoHours: variable('RECOVERY_RPO_HOURS', integer(1, MANY, 'hours'), '4', 'target: hours that may be lost'),
  },
  retention: {
    days: variable('BACKUP_RETENTION_DAYS', integer(1, MANY, 'days'), '30', 'days, for types without their own'),
    keepAtLeast: variable(
      'BACKUP_KEEP_AT_LEAST',
      integer(1, 1000, 'backups'),
      '2',
      'good backups of each service and type that stay however old they are',
    ),
    enabled: variable('CLEANUP_ENABLED', boolean, 'true', 'remove expired backups'),
  },
  schedule: {
    file: variable('SCHEDULE_FILE', directory, '/scripts/config/backup-schedule.conf', 'schedules and retention'),
  },
  s3: {
    enabled: unbuilt(variable('BACKUP_S3_ENABLED', boolean, 'false', 'keep a replica in S3'), 'the S3 replica'),
    accessKeyId: secret('AWS_ACCESS_KEY_ID', 'access key'),
    secretAccessKey: secret('AWS_SECRET_ACCESS_KEY', 'secret key'),
    bucket: optional('AWS_S3_BUCKET', text, 'bucket'),
    region: optional('AWS_S3_REGION', text, 'region'),
    endpoint: optional('AWS_S3_ENDPOINT', httpsUrl, 'address of an S3-compatible server'),
  },
  alerts: {
    email: variable('BACKUP_EMAIL_ENABLED', boolean, 'false', 'alerts by e-mail'),
    emailTo: optional('BACKUP_EMAIL_TO', text, 'recipients, separated by commas'),
    emailFrom: optional('BACKUP_EMAIL_FROM', text, 'sender; EMAIL_SMTP_USERNAME or the first recipient unless set'),
    smtpHost: optional('EMAIL_SMTP_HOST', text, 'mail server'),
    smtpPort: variable('EMAIL_SMTP_PORT', port, '587', 'port of the mail server: 465 is TLS, any other STARTTLS'),
    smtpUser: optional('EMAIL_SMTP_USERNAME', text, 'user at the mail server'),
    smtpPassword: secret('EMAIL_SMTP_PASSWORD', 'password at the mail server'),
    webhook: secret('WEBHOOK_URL', 'address that alerts are posted to', httpsUrl),
    webhookFormat: variable('WEBHOOK_FORMAT', choice('slack', 'generic'), 'slack', 'body that is posted there'),
    webhookSecret: secret('WEBHOOK_SECRET', 'signs what is posted there'),
    alertmanager: optional('ALERTMANAGER_URL', httpUrl, 'an Alertmanager that is told what fires'),
    heartbeat: secret('HEARTBEAT_URL', 'address that is called after every look, while alerts work', httpsUrl),
    authorities: optional('ALERT_CA_FILE', directory, 'certificates of authorities that receivers are trusted by'),
    repeatHours: variable('ALERT_REPEAT_HOURS', integer(1, 8760, 'hours'), '12', 'what still fires is said again'),
    grouping: variable('ALERT_GROUP', choice('all', 'service', 'none'), 'all', 'alerts that go into one message'),
  },
  monitor: {
    interval: variable('BACKUP_CHECK_INTERVAL', integer(1, 86_400, 'seconds'), '300', 'seconds between two looks'),
    host: variable('MONITOR_HOST', text, '127.0.0.1', 'address that the monitor listens on'),
    port: variable('MONITOR_PORT', port, '8084', 'port that the monitor listens on'),
    token: secret('MONITOR_TOKEN', 'asked of whoever opens the monitor; nothing is, unless set', token),
    maxAgeHours: variable(
      'BACKUP_MAX_AGE_HOURS',
      integer(1, MANY, 'hours'),
      '26',
      'a daily backup older than this is stale; other types in proportion',
    ),
    minSizeMegabytes: variable(
      'BACKUP_MIN_SIZE_MB',
      integer(0, MANY, 'MB'),
      '0',
      'a backup smaller than this is told of',
    ),
  },
  volumes: {
    directory: variable('VOLUMES_DIR', directory, '/volumes', 'where volumes to watch are mounted, each by its name'),
    interval: variable(
      'VOLUME_CHECK_INTERVAL',
      integer(1, MANY, 'seconds'),
      '3600',
      'seconds between two counts of the files of volumes',
    ),
    warnPercent: variable('VOLUME_USAGE_THRESHOLD', integer(1, 100, 'percent'), '80', 'use that is a warning'),
    criticalPercent: variable('VOLUME_CRITICAL_THRESHOLD', integer(1, 100, 'percent'), '95', 'use that is critical'),
  },
} as const;

type Schema = typeof SCHEMA;
type ValueOf<V> = V extends Variable<infer T> ? T : never;

/** The values, by concern: `settings.postgres.host`. */
export type Settings = {
  readonly [Group in keyof Schema]: { readonly [Key in keyof Schema[Group]]: ValueOf<Schema[Group][Key]> };
};

/** A variable and the concern it belongs to. */
export interface Placed {
  readonly group: string;
  readonly variable: Variable<unknown>;
}

export function variablesOf(schema: Readonly<Record<string, object>>): Placed[] {
  return Object.entries(schema).flatMap(([group, variables]) =>
    Object.values(variables).map((each) => ({ group, variable: each as Variable<unknown> })),
  );
}
