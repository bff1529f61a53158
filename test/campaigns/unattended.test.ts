import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunRecord } from '../../src/model/runs.ts';
import { type Service, SERVICES } from '../../src/model/vocabulary.ts';
import { RunHistory } from '../../src/records/run-history.ts';
import { saidSlots, unaccounted } from '../support/said-slots.ts';
import { agedBackups } from '../support/system/aged-backups.ts';
import { containerOf, type Daemon, startDaemon } from '../support/system/daemon.ts';
import { startMonitor, type MonitorProcess } from '../support/system/monitor-process.ts';
import { leftovers } from '../support/system/nothing-left.ts';
import { type MemorySamples, medianOf, watchMemory } from '../support/system/resident-memory.ts';
import { openRig, type Rig } from '../support/system/rig.ts';

const FULL = process.env['PHYSICS_BACKUP_CAMPAIGN'] === 'full';
const MINUTES = Number(process.env['PHYSICS_BACKUP_UNATTENDED_MINUTES'] ?? (FULL ? 60 : 3));
const OWN: readonly Service[] = FULL ? SERVICES : SERVICES.filter((each) => each !== 'neo4j');

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const MEGABYTE = 1024 * 1024;
/** Minutes between the slots of a service: a full capture of a graph takes longest. */
const EVERY: Readonly<Record<Service, number>> = { postgres: 2, neo4j: 4, redis: 1, application: 1 };

/** The daemons' settings: nothing but what this test schedules; the machine's own disk may be as full as it is. */
const CALM = { VOLUME_USAGE_THRESHOLD: '98', VOLUME_CRITICAL_THRESHOLD: '99', BACKUP_CHECK_INTERVAL: '5' };

const own = new AsyncDisposableStack();
let rig: Rig;
let daemons: ReadonlyMap<Service, Daemon>;
let monitor: MonitorProcess;
let began: number;
let ended: number;
let memory: MemorySamples;
/** The figures at the end, and what `status` said of them. */
let metrics: string;
let status: { readonly code: number | null; readonly stdout: string };

/** All types but this one have no schedule. */
function scheduleFile(): string {
  return OWN.flatMap((service) => {
    const name = service.toUpperCase();
    const off = ['DAILY', 'WEEKLY', 'MONTHLY'].map((type) => `${name}_${type}_SCHEDULE=off`);
    return [...off, `${name}_HOURLY_SCHEDULE="*/${EVERY[service]} * * * *"`];
  }).join('\n');
}

const AGED_DAYS = [60, 50, 40, 30];

/** Of types without a schedule, their time over: all but the last two go at the first cleanup. */
async function leaveOldBackups(): Promise<void> {
  const aged = await agedBackups(rig.site);
  for (const service of OWN) {
    for (const days of AGED_DAYS)
      await aged.take(service, 'daily', new Date(Date.now() - days * DAY).toISOString(), { facts: {} });
  }
}

beforeAll(async () => {
  rig = own.use(await openRig(OWN));
  await leaveOldBackups();
  const schedule = path.join(rig.site.directory, 'backup-schedule.conf');
  await writeFile(schedule, scheduleFile());
  const environment = { ...CALM, SCHEDULE_FILE: schedule };
  began = Date.now();
  const start = async (each: Service): Promise<readonly [Service, Daemon]> => [
    each,
    own.use(await startDaemon(rig.site, [each], environment, [])),
  ];
  daemons = new Map(await Promise.all(OWN.map((each) => start(each))));
  monitor = own.use(await startMonitor(rig.site, { ...containerOf(rig.site, []), ...environment }));
  const over = new AbortController();
  const watched = watchMemory(
    new Map([...[...daemons].map(([name, { pid }]) => [name, pid] as const), ['monitor', monitor.pid]]),
    over.signal,
  );
  await delay(MINUTES * MINUTE - (Date.now() - began));
  metrics = await (await fetch(`${monitor.url}/metrics`)).text();
  status = await rig.site.run(['status'], { environment: containerOf(rig.site, [], environment) });
  over.abort();
  memory = await watched;
  ended = Date.now();
  for (const each of daemons.values()) each.signal('SIGTERM');
  monitor.signal('SIGTERM');
  console.log([...memory].map(([name, bytes]) => `${name}: ${memoryText(bytes)}`).join('\n'));
}, 3 * 3_600_000);
afterAll(() => own.disposeAsync(), 600_000);

function memoryText(bytes: readonly number[]): string {
  const at = [0.25, 0.5, 0.75, 1].map((to) => (medianOf(bytes, to - 0.25, to) / MEGABYTE).toFixed(0));
  return `${at.join(', ')} MiB by quarters, ${(Math.max(...bytes) / MEGABYTE).toFixed(0)} at most`;
}

async function runsOf(service: Service): Promise<readonly RunRecord[]> {
  return (await new RunHistory(rig.site.state).read(service)).runs;
}

/** The slots that came while the daemons ran: counted here, not by the program. The last minute's may be cancelled. */
function slotsOf(service: Service): string[] {
  const step = EVERY[service] * MINUTE;
  const first = Math.floor(began / step) + 1;
  const count = Math.floor((ended - MINUTE) / step) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => new Date((first + index) * step).toISOString());
}

test('they end well when they are told to, and leave nothing', async () => {
  const ends = await Promise.all([...daemons.values(), monitor].map(async (each) => await each.ended));
  expect(ends.map(({ code, stderr }) => ({ code, stderr }))).toEqual(ends.map(() => ({ code: 0, stderr: '' })));
  expect(await leftovers(rig.site)).toEqual([]);
});

test.each(OWN)('%s: every slot was run once, or said to be missed', async (service) => {
  const runs = (await runsOf(service)).filter((each) => each.kind === 'backup');
  const slots = runs.filter(({ code }) => code < 128).map(({ slot }) => slot);
  expect(new Set(slots).size).toBe(slots.length);
  expect(runs.filter(({ code, trigger }) => (code !== 0 && code < 128) || trigger !== 'schedule')).toEqual([]);
  const lines = daemons.get(service)?.said().split('\n') ?? [];
  const expected = slotsOf(service).filter((slot) => slot > firstSeen(lines));
  const run = new Set(slots.flatMap((slot) => slot ?? []));
  expect(unaccounted(expected, run, saidSlots(lines, service, 'hourly'))).toEqual([]);
  expect(run.size).toBeGreaterThanOrEqual(Math.ceil(expected.length / 3));
  console.log(`${service}: ${expected.filter((slot) => run.has(slot)).length} slots run of ${expected.length}`);
});

/** From when on the daemon's slots were its own: the time before its first line. */
function firstSeen([first = '']: readonly string[]): string {
  return first.slice(0, 24);
}

test.each(OWN)('%s: every backup was verified, and what was over was removed, and no more', async (service) => {
  const backups = (await rig.site.good(['list', service]))['backups'] as Listed[];
  const taken = backups.filter(({ type }) => type === 'hourly');
  const done: string[] = (await runsOf(service)).flatMap(({ kind, code, id }) =>
    kind === 'backup' && code === 0 ? (id ?? []) : [],
  );
  const ids: readonly string[] = taken.map(({ id }) => id);
  expect(done.filter((id) => !ids.includes(id))).toEqual([]);
  expect(ids.length - done.length).toBeLessThanOrEqual(1); // the stop may come between a backup and its check
  expect(taken.filter(({ id, verified }) => done.some((each) => each === id) && !verified)).toEqual([]);
  expect(backups.filter(({ type }) => type === 'daily')).toHaveLength(2);
  expect((await runsOf(service)).filter(({ kind, code }) => kind === 'cleanup' && code !== 0 && code < 128)).toEqual(
    [],
  );
});

interface Listed {
  readonly id: string;
  readonly type: string;
  readonly verified: boolean;
}

test('status was good, and so were the figures', async () => {
  expect(status).toMatchObject({ code: 0, stdout: expect.stringMatching(/^RECOVERABLE: yes, /) as string });
  expect(status.stdout).toContain('NEEDS YOU: nothing');
  for (const service of OWN) {
    expect(metrics).toContain(`backup_status{service="${service}",type="hourly"} 1\n`);
    expect(metrics).toContain(`backup_validation_status{service="${service}",type="hourly"} 1\n`);
    const counted = new RegExp(
      `^backup_runs_total\\{service="${service}",type="hourly",result="success"\\} (\\d+)$`,
      'm',
    );
    const good = (await runsOf(service)).filter((each) => each.kind === 'backup' && each.code === 0).length;
    expect(Math.abs(good - Number(counted.exec(metrics)?.[1]))).toBeLessThanOrEqual(1);
  }
  expect(metrics).toContain('backup_recovery_possible 1\n');
  expect(metrics).toContain('backup_monitor_errors_total 0\n');
  expect(await readdir(path.join(rig.site.logs, 'monitoring'))).toContain('backup_report_latest.json');
});

test('no daemon grew', () => {
  for (const [name, bytes] of memory) {
    const [early, late] = [medianOf(bytes, 0.25, 0.5), medianOf(bytes, 0.75, 1)];
    expect(late - early, `${name}: ${memoryText(bytes)}`).toBeLessThan(Math.max(24 * MEGABYTE, early * 0.2));
    expect(Math.max(...bytes), name).toBeLessThan(250 * MEGABYTE);
  }
});
