import type { RunRecord } from '../../src/model/runs.ts';
import type {
  BackupPoint,
  Condition,
  ServiceSituation,
  Situation,
  TypeSituation,
  VolumeSituation,
} from '../../src/model/situation.ts';
import { type BackupType, backupId, type Instant, type Service, SERVICES } from '../../src/model/vocabulary.ts';

const DAY = 86_400_000;
const GIB = 1024 ** 3;

/** What a service of a small platform weighs, grows by in a day, and takes in seconds; when its backups are due. */
const SHAPES: Readonly<Record<Service, { bytes: number; growth: number; seconds: number; hour: number }>> = {
  postgres: { bytes: 1.1 * GIB, growth: 0.006, seconds: 46, hour: 2 },
  neo4j: { bytes: 0.31 * GIB, growth: 0.003, seconds: 71, hour: 3 },
  redis: { bytes: 0.09 * GIB, growth: 0.001, seconds: 9, hour: 4 },
  application: { bytes: 2.2 * GIB, growth: 0.011, seconds: 95, hour: 5 },
};

/** Five hours of the morning after the last backups were taken. */
export const MORNING: Instant = '2026-11-23T09:30:00.000Z';

/** A platform that ran for a month without trouble, as it is at `now`. */
export function healthySituation(now: Instant = MORNING): Situation {
  const services = SERVICES.map((service) => healthyService(service, now));
  const choice = services.map(({ service, backups }) => {
    const newest = backups.findLast(({ type }) => type === 'daily') ?? backups[0];
    if (newest === undefined) throw new Error('a healthy service has backups');
    return { service, id: newest.id, at: newest.at, verified: true };
  });
  return {
    at: now,
    recovery: {
      possible: 'yes',
      why: 'every service has a verified backup, and the keys that open them are here',
      warnings: [],
      choice,
      from: at(now, 0, 2),
      to: at(now, 0, 5),
      skewSeconds: 3 * 3600,
      estimatedSeconds: 14 * 60,
      rpo: { targetSeconds: 24 * 3600, actualSeconds: 7.5 * 3600, met: true },
      rto: { targetSeconds: 3600, actualSeconds: 14 * 60, met: true },
    },
    services,
    volumes: healthyVolumes(),
    conditions: [],
    scheduler: {
      heartbeatAge: 3,
      services: SERVICES,
      heartbeats: SERVICES.map((service) => ({ service, ageSeconds: 3 })),
    },
    keys: { active: '3f2a9c51', createdAt: at(now, 112, 9), exported: true },
    lock: [],
    retention: {
      enabled: true,
      lastRun: { kind: 'cleanup', service: 'postgres', began: at(now, 0, 6), seconds: 2, code: 0, trigger: 'schedule' },
    },
  };
}

/** The day that it was set up: one recovery point, nothing of most types, no scheduler, and names as long as they get. */
export function firstDaySituation(now: Instant = MORNING): Situation {
  const healthy = healthySituation(now);
  const services = healthy.services.map((each): ServiceSituation => {
    const [newest] = each.backups.filter(({ type }) => type === 'daily').slice(-1);
    const [daily, ...others] = each.types;
    if (newest === undefined || daily === undefined) throw new Error('a healthy service has daily backups');
    const first = { ...daily, count: 1, storedBytes: newest.storedBytes };
    const none = others.map(({ type, next = now }) => ({
      type,
      health: 'unknown' as const,
      count: 0,
      storedBytes: 0,
      next,
    }));
    return { ...each, health: 'warning', types: [first, ...none], backups: [newest], runs: each.runs.slice(-1) };
  });
  const silent = SERVICES.map((service): Condition => ({
    key: `scheduler-silent:${service}`,
    name: 'SchedulerSilent',
    severity: 'warning',
    service,
    summary: `${service}: no scheduler runs here: backups are not taken by themselves`,
    hint: `start physics-backup serve (docker compose up -d ${service}-backup)`,
  }));
  const point = 'point_20261123_020000';
  const name = 'physics-assistant-production_postgres-data-of-the-second-machine';
  return {
    ...healthy,
    recovery: {
      ...healthy.recovery,
      why: `by ${point}`,
      point,
      skewSeconds: 5.9,
      warnings: [`/var/lib/${'very-long-names/'.repeat(8)}: could not be read`],
    },
    services,
    volumes: [...healthy.volumes, { volume: name, health: 'unknown', why: 'this user may not look at it' }],
    conditions: silent,
    scheduler: { services: [], heartbeats: [] },
    keys: { active: '3f2a9c51', createdAt: at(now, 0, 2) },
    retention: { enabled: true },
  };
}

/** Backups that could not be read: nothing is known of them, not even how many there are. */
export function unmountedSituation(now: Instant = MORNING): Situation {
  const healthy = healthySituation(now);
  const why = 'the backups cannot be read: there is no directory /backups';
  return {
    ...healthy,
    recovery: {
      possible: 'unknown',
      why,
      warnings: [],
      choice: [],
      rpo: { targetSeconds: 14_400 },
      rto: { targetSeconds: 3600 },
    },
    services: healthy.services.map(({ service, rpo: { targetSeconds }, types, runs, runTotals }) => ({
      service,
      health: 'unknown',
      rpo: { targetSeconds },
      types: types.map(({ type, schedule, next }): TypeSituation => ({
        type,
        health: 'unknown',
        ...(schedule === undefined ? {} : { schedule }),
        ...(next === undefined ? {} : { next }),
      })),
      backups: [],
      runs,
      runTotals,
      damaged: [],
    })),
    volumes: healthy.volumes.map(({ volume }) => ({ volume, health: 'unknown', why: 'it is not mounted here' })),
    conditions: [
      {
        key: 'state-unreadable',
        name: 'StateUnreadable',
        severity: 'critical',
        summary: why,
        hint: 'mount the volume of the backups, or set BACKUP_DIR',
      },
    ],
  };
}

/** The same after a bad night: one service failed for three days, another's manifest is damaged, a volume is full. */
export function brokenSituation(now: Instant = MORNING): Situation {
  const healthy = healthySituation(now);
  const conditions = troubles();
  return {
    ...healthy,
    recovery: {
      possible: 'no',
      why: 'neo4j has no backup that is whole and verified',
      warnings: [],
      choice: healthy.recovery.choice.filter(({ service }) => service !== 'neo4j'),
      rpo: { targetSeconds: 4 * 3600, actualSeconds: 79.5 * 3600, met: false },
      rto: { targetSeconds: 3600 },
    },
    services: healthy.services.map((each) => damagedService(each, now)),
    volumes: [
      {
        volume: 'backup-postgres',
        health: 'critical',
        usedPercent: 97,
        usedBytes: 194 * GIB,
        freeBytes: 6 * GIB,
        fullInSeconds: 31 * 3600,
      },
      { volume: 'postgres-data', health: 'unknown', why: 'the monitor may not read it' },
      ...healthy.volumes.filter(({ volume }) => !/postgres/.test(volume)),
    ],
    conditions,
    scheduler: {
      heartbeatAge: 4000,
      services: ['postgres', 'redis'],
      heartbeats: SERVICES.map((service) => ({
        service,
        ageSeconds: service === 'postgres' || service === 'redis' ? 3 : 4000,
      })),
    },
    keys: { ...healthy.keys, exported: false },
    lock: [{ service: 'neo4j', ageSeconds: 93_600, holder: 'physics-neo4j-backup' }],
    retention: { enabled: false },
  };
}

function troubles(): Condition[] {
  return [
    {
      key: 'backup-damaged:neo4j',
      name: 'BackupDamaged',
      severity: 'critical',
      service: 'neo4j',
      summary: 'neo4j: a manifest does not authenticate; its backup cannot be trusted',
      hint: 'physics-backup validate neo4j --level content',
    },
    {
      key: 'backup-failed:postgres:daily',
      name: 'BackupFailed',
      severity: 'critical',
      service: 'postgres',
      type: 'daily',
      summary: 'postgres daily failed 3 times since its last success: no space left on the backup volume',
      hint: 'physics-backup cleanup postgres daily --dry-run',
    },
    {
      key: 'volume:backup-postgres',
      name: 'VolumeUsageHigh',
      severity: 'critical',
      volume: 'backup-postgres',
      summary: 'backup-postgres is 97 % full, and will be full in about 31 hours',
      hint: '/scripts/volume_manager.sh cleanup backup-postgres 7',
    },
    {
      key: 'keys-not-exported',
      name: 'KeysNotExported',
      severity: 'warning',
      summary: 'the keys exist on this machine only',
      hint: 'copy backup-keyring.json to a safe place',
    },
  ];
}

function damagedService(each: ServiceSituation, now: Instant): ServiceSituation {
  if (each.service === 'postgres') return failing(each, now);
  if (each.service !== 'neo4j') return each;
  const types = each.types.map((type) => unproven(type));
  const unverified = each.backups.map((point) => ({ ...point, verified: false }));
  return { ...each, health: 'critical', types, backups: unverified, damaged: [unverified.at(-1)?.id ?? ''], gaps: 1 };
}

function unproven({ type, schedule, count = 0, storedBytes = 0, lastSuccess, lastRun }: TypeSituation): TypeSituation {
  return {
    type,
    health: 'critical',
    count,
    storedBytes,
    ...(schedule === undefined ? {} : { schedule }),
    ...(lastSuccess === undefined ? {} : { lastSuccess }),
    ...(lastRun === undefined ? {} : { lastRun }),
  };
}

function failing(each: ServiceSituation, now: Instant): ServiceSituation {
  const backups = each.backups.filter((point) => point.at < at(now, 3, 12));
  const failures = [2, 1, 0].map((days) => failedRun(at(now, days, 2)));
  const last = backups.findLast(({ type }) => type === 'daily');
  const types = each.types.map((type) =>
    type.type === 'daily' && last !== undefined
      ? {
          ...type,
          health: 'critical' as const,
          lastSuccess: last,
          lastVerified: last,
          lastRun: failedRun(at(now, 0, 2)),
        }
      : type,
  );
  return { ...each, health: 'critical', types, backups, runs: [...each.runs.slice(0, -3), ...failures] };
}

function failedRun(began: Instant): RunRecord {
  const run = runOf('postgres', 'daily', began, 41);
  return { ...run, code: 1, message: 'postgres: no space left on the backup volume' };
}

function healthyService(service: Service, now: Instant): ServiceSituation {
  const shape = SHAPES[service];
  const backups = [...Array(30).keys()].flatMap((age) => {
    const days = 29 - age;
    const daily = pointOf(service, 'daily', at(now, days, shape.hour), days);
    const sunday = new Date(at(now, days, 1)).getUTCDay() === 0;
    return sunday ? [pointOf(service, 'weekly', at(now, days, shape.hour - 1), days), daily] : [daily];
  });
  const kinds: readonly BackupType[] = ['daily', 'weekly'];
  return {
    service,
    health: 'ok',
    rpo: { targetSeconds: 24 * 3600, actualSeconds: (9.5 - shape.hour) * 3600, met: true },
    types: kinds.map((type) => healthyType(type, backups)),
    backups,
    runs: backups.flatMap((point) => [
      { ...runOf(service, point.type, point.at, point.seconds), id: point.id },
      {
        kind: 'validate',
        service,
        began: later(point.at, 300),
        seconds: point.seconds / 3,
        code: 0,
        id: point.id,
        trigger: 'schedule',
      },
    ]),
    runTotals: [
      { type: 'daily', result: 'success', count: 30 },
      { type: 'daily', result: 'failure', count: 0 },
    ],
    gaps: 0,
    damaged: [],
  };
}

function healthyType(type: BackupType, backups: readonly BackupPoint[]): TypeSituation {
  const own = backups.filter((point) => point.type === type);
  const last = own.at(-1);
  if (last === undefined) throw new Error(`no ${type} backup`);
  const days = type === 'daily' ? 1 : 7;
  return {
    type,
    health: 'ok',
    schedule: type === 'daily' ? '0 2 * * *' : '0 1 * * 0',
    next: later(last.at, days * 86_400),
    lastSuccess: last,
    lastVerified: last,
    staleAfterSeconds: days * 86_400 + 7200,
    count: own.length,
    storedBytes: own.reduce((sum, point) => sum + point.storedBytes, 0),
    lastValidation: { at: later(last.at, 300), level: 'content', passed: true, seconds: 4 },
    lastRun: runOf(last.id.split('_')[0] as Service, type, last.at, last.seconds),
  };
}

function healthyVolumes(): VolumeSituation[] {
  const used = {
    'backup-postgres': 41,
    'backup-neo4j': 22,
    'backup-redis': 9,
    'backup-application': 58,
    'postgres-data': 63,
    'neo4j-data': 37,
    'redis-data': 18,
  };
  return Object.entries(used).map(([volume, usedPercent]) => ({
    volume,
    health: 'ok',
    usedPercent,
    usedBytes: usedPercent * 2 * GIB,
    freeBytes: (100 - usedPercent) * 2 * GIB,
  }));
}

/** Grows from day to day and wavers a little, the same at every run. */
function pointOf(service: Service, type: BackupType, when: Instant, daysAgo: number): BackupPoint {
  const { bytes, growth, seconds } = SHAPES[service];
  const wave = Math.sin(daysAgo * 2.3) * 0.012;
  const scale = (1 - growth * daysAgo) * (1 + wave);
  return {
    id: backupId(service, type, when),
    type,
    at: when,
    seconds: Math.round(seconds * (scale + Math.sin(daysAgo * 1.7) * 0.09) * 10) / 10,
    storedBytes: Math.round(bytes * scale),
    verified: true,
  };
}

function runOf(service: Service, type: BackupType, began: Instant, seconds: number): RunRecord {
  return { kind: 'backup', service, type, began, seconds, code: 0, trigger: 'schedule', slot: began };
}

/** So many days before the day of `now`, at this hour. */
function at(now: Instant, days: number, hour: number): Instant {
  const midnight = Date.parse(`${now.slice(0, 10)}T00:00:00.000Z`);
  return new Date(midnight - days * DAY + hour * 3_600_000).toISOString();
}

function later(instant: Instant, seconds: number): Instant {
  return new Date(Date.parse(instant) + seconds * 1000).toISOString();
}
