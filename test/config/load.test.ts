import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SeveralErrors } from '../../src/base/errors.ts';
import { loadConfiguration } from '../../src/config/load.ts';
import { reportOf } from '../../src/config/report.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'config-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function file(name: string, content: string): Promise<string> {
  const where = path.join(directory, name);
  await writeFile(where, content);
  return where;
}

function messages(environment: Record<string, string>): string[] {
  return loadConfiguration(environment).errors.map((each) => `${each.message} | ${each.hint ?? ''}`);
}

/** Every variable of the deployment guide and of docs/architecture.md, written down by hand. */
const NAMES = `
  POSTGRES_PASSWORD NEO4J_PASSWORD PHYSICS_DB_PASSWORD REDIS_PASSWORD
  POSTGRES_HOST POSTGRES_PORT POSTGRES_DB POSTGRES_USER POSTGRES_SUPERUSER
  NEO4J_HOST NEO4J_PORT NEO4J_USER NEO4J_DATABASE NEO4J_HOME REDIS_HOST REDIS_PORT
  BACKUP_RETENTION_DAYS BACKUP_COMPRESSION BACKUP_ENCRYPTION
  BACKUP_S3_ENABLED AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_S3_BUCKET AWS_S3_REGION AWS_S3_ENDPOINT
  BACKUP_EMAIL_ENABLED BACKUP_EMAIL_TO EMAIL_SMTP_HOST EMAIL_SMTP_PORT EMAIL_SMTP_USERNAME EMAIL_SMTP_PASSWORD
  BACKUP_EMAIL_FROM WEBHOOK_FORMAT WEBHOOK_SECRET ALERTMANAGER_URL HEARTBEAT_URL ALERT_CA_FILE
  ALERT_REPEAT_HOURS ALERT_GROUP WEBHOOK_URL RECOVERY_RTO_MINUTES RECOVERY_RPO_HOURS PARALLEL_RECOVERY VALIDATION_ENABLED RECOVERY_MODE
  COMPRESSION_LEVEL PARALLEL_JOBS BACKUP_TIMEOUT CLEANUP_ENABLED
  BACKUP_CHECK_INTERVAL BACKUP_MAX_AGE_HOURS BACKUP_MIN_SIZE_MB MONITOR_HOST MONITOR_PORT MONITOR_TOKEN
  VOLUME_CHECK_INTERVAL VOLUME_USAGE_THRESHOLD VOLUME_CRITICAL_THRESHOLD DRY_RUN
  BACKUP_DIR SECRETS_DIR LOG_DIR STATE_DIR VOLUMES_DIR SCHEDULE_FILE APPLICATION_PATHS AGENT_SERVICES AGENT_DIR
  POSTGRES_DAILY_SCHEDULE POSTGRES_WEEKLY_SCHEDULE POSTGRES_MONTHLY_SCHEDULE
  NEO4J_DAILY_SCHEDULE NEO4J_WEEKLY_SCHEDULE REDIS_DAILY_SCHEDULE REDIS_WEEKLY_SCHEDULE
  APPLICATION_DAILY_SCHEDULE APPLICATION_WEEKLY_SCHEDULE
  POSTGRES_DAILY_RETENTION POSTGRES_WEEKLY_RETENTION POSTGRES_MONTHLY_RETENTION
  NEO4J_DAILY_RETENTION NEO4J_WEEKLY_RETENTION NEO4J_MONTHLY_RETENTION
  REDIS_DAILY_RETENTION REDIS_WEEKLY_RETENTION REDIS_MONTHLY_RETENTION
  APPLICATION_DAILY_RETENTION APPLICATION_WEEKLY_RETENTION APPLICATION_MONTHLY_RETENTION
`
  .trim()
  .split(/\s+/);

describe('schema', () => {
  test.each(NAMES)('knows %s', (name) => {
    expect(loadConfiguration({}).entries.map((each) => each.variable.name)).toContain(name);
  });

  test('has no name twice', () => {
    const names = loadConfiguration({}).entries.map((each) => each.variable.name);
    expect(names).toHaveLength(new Set(names).size);
  });

  test('accepts its own defaults', () => {
    expect(messages({})).toEqual([]);
  });

  test('has the defaults of the guide', () => {
    const { entries } = loadConfiguration({});
    const shown = Object.fromEntries(entries.map((each) => [each.variable.name, each.text]));
    expect(shown).toMatchObject({
      POSTGRES_DB: 'physics_assistant',
      POSTGRES_USER: 'physics_user',
      BACKUP_DIR: '/backups',
      VOLUME_USAGE_THRESHOLD: '80',
      VOLUME_CRITICAL_THRESHOLD: '95',
      POSTGRES_DAILY_SCHEDULE: '0 2 * * *',
      POSTGRES_WEEKLY_SCHEDULE: '0 1 * * 0',
      POSTGRES_MONTHLY_SCHEDULE: '0 0 1 * *',
      NEO4J_DAILY_SCHEDULE: '0 3 * * *',
      NEO4J_WEEKLY_SCHEDULE: '0 2 * * 0',
      APPLICATION_WEEKLY_SCHEDULE: '0 4 * * 0',
      REDIS_DAILY_RETENTION: '7',
      REDIS_WEEKLY_RETENTION: '28',
      REDIS_MONTHLY_RETENTION: '365',
      REDIS_YEARLY_RETENTION: '2555',
    });
  });
});

describe('settings', () => {
  test('are typed values by concern', () => {
    const settings = loadConfiguration({
      POSTGRES_PORT: '6543',
      BACKUP_ENCRYPTION: 'No',
      BACKUP_COMPRESSION: 'gzip',
      APPLICATION_PATHS: 'uploads=/srv/a,models=/srv/b',
      BACKUP_SERVICES: 'redis, postgres',
    }).settings();
    expect(settings.postgres.port).toBe(6543);
    expect(settings.repository.encryption).toBe(false);
    expect(settings.repository.compression).toBe('gzip');
    expect(settings.services.expected).toEqual(['redis', 'postgres']);
    expect(settings.application.paths).toEqual([
      { name: 'uploads', path: '/srv/a' },
      { name: 'models', path: '/srv/b' },
    ]);
  });

  test('a variable that Compose left empty is not set', () => {
    const settings = loadConfiguration({ REDIS_PASSWORD: '', POSTGRES_PORT: '' }).settings();
    expect(settings.redis.password).toBeUndefined();
    expect(settings.postgres.port).toBe(5432);
  });

  test.each([
    ['true', 'zstd'],
    ['zstd', 'zstd'],
    ['GZIP', 'gzip'],
    ['false', 'none'],
    ['0', 'none'],
  ])('BACKUP_COMPRESSION=%s is %s', (text, expected) => {
    expect(loadConfiguration({ BACKUP_COMPRESSION: text }).settings().repository.compression).toBe(expected);
  });
});

describe('errors', () => {
  test('come all at once, each with the variable, the value and what is allowed', () => {
    const configuration = loadConfiguration({
      POSTGRES_PORT: '70000',
      COMPRESSION_LEVEL: '0',
      BACKUP_ENCRYPTION: 'maybe',
      APPLICATION_PATHS: 'uploads=relative',
      BACKUP_SERVICES: 'postgres,mysql',
    });
    const found = configuration.errors.map((each) => `${each.message} | ${each.hint ?? ''}`);
    expect(found).toContain('POSTGRES_PORT: "70000" is not allowed | allowed: a whole number, 1 to 65535');
    expect(found).toContain('COMPRESSION_LEVEL: "0" is not allowed | allowed: a whole number, 1 to 9');
    expect(found).toContain('BACKUP_ENCRYPTION: "maybe" is not allowed | allowed: true, yes, 1, false, no or 0');
    expect(found.join('\n')).toMatch(/APPLICATION_PATHS: "uploads=relative" is not allowed/);
    expect(found.join('\n')).toMatch(/BACKUP_SERVICES: "postgres,mysql" is not allowed/);
    expect(found).toHaveLength(5);
    expect(configuration.errors.every((each) => each.kind === 'usage')).toBe(true);
    expect(() => configuration.settings()).toThrow(SeveralErrors);
  });

  test.each(['1e3', ' 5', '+5', '5.0', '0x10', '-1', '9'.repeat(20)])('PARALLEL_JOBS=%j is refused', (text) => {
    expect(messages({ PARALLEL_JOBS: text })).toHaveLength(1);
  });

  test.each([
    ['POSTGRES_PASWORD', 'POSTGRES_PASSWORD'],
    ['BACKUP_ENCRYPTON', 'BACKUP_ENCRYPTION'],
    ['REDIS_PASSWORD_FIEL', 'REDIS_PASSWORD_FILE'],
    ['VOLUME_USAGE_TRESHOLD', 'VOLUME_USAGE_THRESHOLD'],
    ['POSTGRES_DAYLY_SCHEDULE', 'POSTGRES_DAILY_SCHEDULE'],
  ])('%s in the environment is a mistyped %s', (typed, meant) => {
    expect(messages({ [typed]: 'hunter2' })).toEqual([
      `unknown environment variable ${typed} | did you mean ${meant}?`,
    ]);
  });

  test.each([
    'POSTGRES_INITDB_ARGS',
    'NEO4J_dbms_memory_heap_max__size',
    'NEO4J_AUTH',
    'REDIS_URL',
    'LOG_LEVEL',
    'PATH',
  ])('%s belongs to somebody else', (name) => {
    expect(messages({ [name]: 'x' })).toEqual([]);
  });

  test.each([
    ['RECOVERY_MODE', 'test'],
    ['DRY_RUN', 'true'],
    ['BACKUP_S3_ENABLED', 'yes'],
  ])('%s=%s asks for what is not built yet, and is never ignored', (name, value) => {
    expect(messages({ [name]: value })).toEqual([expect.stringMatching(new RegExp(`^${name}.* is not built yet`))]);
  });

  test('what is switched off asks for nothing', () => {
    const off = { DRY_RUN: 'false', BACKUP_S3_ENABLED: 'false', AWS_S3_BUCKET: 'b', RECOVERY_MODE: 'live' };
    expect(messages(off)).toEqual([]);
  });

  test('thresholds that contradict each other are named together', () => {
    expect(messages({ VOLUME_USAGE_THRESHOLD: '97' }).join()).toMatch(/must be below VOLUME_CRITICAL_THRESHOLD \(95\)/);
  });
});

describe('secrets', () => {
  test('come from a file, without its last line end', async () => {
    const from = await file('password', 'pass word\n');
    const settings = loadConfiguration({ NEO4J_PASSWORD_FILE: from }).settings();
    expect(settings.neo4j.password).toBe('pass word');
  });

  test('in both places are an error', async () => {
    const from = await file('twice', 'a');
    expect(messages({ REDIS_PASSWORD: 'b', REDIS_PASSWORD_FILE: from })).toEqual([
      'REDIS_PASSWORD and REDIS_PASSWORD_FILE are both set | unset one of them',
    ]);
  });

  test('in a file that is missing or empty are an error', async () => {
    const empty = await file('empty', '\n');
    expect(messages({ REDIS_PASSWORD_FILE: empty }).join()).toMatch(/REDIS_PASSWORD_FILE: .* is empty/);
    expect(messages({ REDIS_PASSWORD_FILE: '/nowhere/at/all' }).join()).toMatch(/cannot be read/);
  });

  test('are never repeated, wherever they are wrong', async () => {
    const marker = 'MARKER\u0007secret';
    const schedule = await file('secrets.conf', `REDIS_PASSWORD=${marker}\nPOSTGRES_PASWORD=${marker}\nX ${marker}\n`);
    const configuration = loadConfiguration({
      WEBHOOK_URL: `http://${marker}`,
      PHYSICS_DB_PASSWORD: `${marker}\n`,
      NEO4J_PASWORD: marker,
      SCHEDULE_FILE: schedule,
    });
    expect(configuration.errors.length).toBeGreaterThanOrEqual(5);
    const said = JSON.stringify([configuration.errors.map((e) => [e.message, e.hint]), reportOf(configuration)]);
    expect(said).not.toContain('MARKER');
  });
});

describe('schedule file', () => {
  test('sets schedules and retention; the environment wins', async () => {
    const from = await file(
      'ok.conf',
      'POSTGRES_DAILY_SCHEDULE="30 1 * * *" # early\nexport REDIS_DAILY_RETENTION=9\n',
    );
    const { entries, errors } = loadConfiguration({ SCHEDULE_FILE: from, REDIS_DAILY_RETENTION: '3' });
    const of = (name: string) => entries.find((each) => each.variable.name === name);
    expect(errors).toEqual([]);
    expect(of('POSTGRES_DAILY_SCHEDULE')).toMatchObject({ text: '30 1 * * *', origin: 'schedule file' });
    expect(of('REDIS_DAILY_RETENTION')).toMatchObject({ text: '3', origin: 'environment' });
  });

  test('unknown keys, wrong values, repeated keys and lines that are no assignment are all named with their line', async () => {
    const from = await file(
      'bad.conf',
      'POSTGRES_DALY_RETENTION=7\nREDIS_DAILY_SCHEDULE="0 24 * * *"\nNEO4J_DAILY_RETENTION=1\nNEO4J_DAILY_RETENTION=2\nwhat is this\n',
    );
    const found = messages({ SCHEDULE_FILE: from }).join('\n');
    expect(found).toMatch(/line 1: unknown key POSTGRES_DALY_RETENTION \| did you mean POSTGRES_DAILY_RETENTION\?/);
    expect(found).toMatch(/REDIS_DAILY_SCHEDULE \(.*bad.conf line 2\): "0 24 \* \* \*" is not allowed/);
    expect(found).toMatch(/line 4: NEO4J_DAILY_RETENTION is set already in line 3/);
    expect(found).toMatch(/line 5: is not KEY=value/);
  });

  test('that was named must be there; the default one need not', () => {
    expect(messages({ SCHEDULE_FILE: '/nowhere/x.conf' }).join()).toMatch(/SCHEDULE_FILE: .* cannot be read/);
    expect(messages({})).toEqual([]);
  });
});

describe('report', () => {
  test('says where each value came from, and that a secret is set without its value', () => {
    const report = reportOf(loadConfiguration({ POSTGRES_HOST: 'db', PHYSICS_DB_PASSWORD: 'MARKER' }));
    const of = (name: string) => report.find((each) => each.name === name);
    expect(of('POSTGRES_HOST')).toMatchObject({ value: 'db', origin: 'environment', set: true });
    expect(of('PHYSICS_DB_PASSWORD')).toMatchObject({ value: null, secret: true, set: true });
    expect(of('REDIS_PASSWORD')).toMatchObject({ value: null, set: false });
    expect(of('POSTGRES_PORT')).toMatchObject({ value: '5432', origin: 'default' });
  });

  test('says when setting a variable changes nothing yet', () => {
    const report = reportOf(loadConfiguration({ REDIS_INCREMENTAL_SCHEDULE: '0 * * * *' }));
    expect(report.flatMap((each) => each.note ?? [])).toEqual([
      'REDIS_INCREMENTAL_SCHEDULE has no effect yet: continuous archiving is not built',
    ]);
  });
});

describe('schedules', () => {
  test('are those of the guide unless set, and none where they are off', () => {
    const configuration = loadConfiguration({
      REDIS_DAILY_SCHEDULE: 'off',
      REDIS_MANUAL_SCHEDULE: '5 4 * * 1',
    });
    expect(configuration.errors).toEqual([]);
    expect(configuration.schedules().filter((each) => each.service === 'redis')).toEqual([
      { service: 'redis', type: 'weekly', cron: '0 3 * * 0' },
      { service: 'redis', type: 'manual', cron: '5 4 * * 1' },
    ]);
  });

  test('and retention are of the same file', () => {
    const configuration = loadConfiguration({ REDIS_DAILY_RETENTION: '9' });
    expect(configuration.retentions().filter((each) => each.service === 'redis')).toEqual([
      { service: 'redis', type: 'daily', days: 9 },
      { service: 'redis', type: 'weekly', days: 28 },
      { service: 'redis', type: 'monthly', days: 365 },
      { service: 'redis', type: 'yearly', days: 2555 },
    ]);
  });

  test.each([
    ['', 'TZ is empty'],
    ['Europe/Berln', 'TZ: "Europe/Berln" is no time zone'],
    ['CET-1CEST,M3.5.0', 'TZ: "CET-1CEST,M3.5.0" is no time zone'],
  ])('TZ=%s is an error that says what is right', (TZ, message) => {
    expect(messages({ TZ })).toEqual([`${message} | use a name like Europe/Berlin or UTC, or unset TZ`]);
  });

  test.each(['UTC', 'Europe/Berlin', 'Etc/GMT+5'])('TZ=%s is a time zone', (TZ) => {
    expect(messages({ TZ })).toEqual([]);
  });
});

describe('agents', () => {
  const agents = (AGENT_SERVICES: string) => loadConfiguration({ AGENT_SERVICES }).settings().services.agents;

  test('are all here unless it is said which, or none', () => {
    expect(loadConfiguration({}).settings().services).toMatchObject({
      agents: ['postgres', 'neo4j', 'redis', 'application'],
      sockets: '/run/physics-backup',
    });
    expect(agents('redis')).toEqual(['redis']);
    expect(agents('none')).toEqual([]);
    expect(messages({ AGENT_SERVICES: 'none,redis' })).toEqual([
      expect.stringContaining('allowed: none, or one or more'),
    ]);
  });
});

describe('schedules', () => {
  test('are those of the guide, and those that are set', () => {
    const configuration = loadConfiguration({ REDIS_DAILY_SCHEDULE: '30 1 * * *', NEO4J_HOURLY_SCHEDULE: '0 * * * *' });
    const found = configuration.schedules().map(({ service, type, cron }) => `${service} ${type} ${cron}`);
    expect(found).toHaveLength(10);
    expect(found).toContain('redis daily 30 1 * * *');
    expect(found).toContain('neo4j hourly 0 * * * *');
    expect(found).toContain('postgres monthly 0 0 1 * *');
  });

  test('of what cannot be taken yet are said to have no effect', () => {
    const configuration = loadConfiguration({ POSTGRES_INCREMENTAL_SCHEDULE: '0 * * * *' });
    expect(configuration.schedules().filter(({ type }) => type === 'incremental')).toEqual([]);
    const notes = reportOf(configuration).flatMap((each) => each.note ?? []);
    expect(notes).toEqual([expect.stringMatching(/^POSTGRES_INCREMENTAL_SCHEDULE has no effect yet/)]);
  });
});
