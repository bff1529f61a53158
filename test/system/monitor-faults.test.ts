import { chmod, cp, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Situation } from '../../src/model/situation.ts';
import { agedBackups } from '../support/system/aged-backups.ts';
import { damaged, filesOf, flip } from '../support/system/damage.ts';
import { type MonitorProcess, startMonitor } from '../support/system/monitor-process.ts';
import { residentBytes } from '../support/system/resident-memory.ts';
import { openRig, type Rig, takeBackup } from '../support/system/rig.ts';
import { mountSmallDisk, resizeSmallDisk } from '../support/system/small-disk.ts';
import { CAN_MOUNT, requires, UNPRIVILEGED } from '../support/system/what-can-run.ts';

/** No schedules, whose target is met: what is left is the backups. */
const CALM = { APPLICATION_DAILY_SCHEDULE: '', RECOVERY_RPO_HOURS: '1000' };
const PATIENCE = { timeout: 120_000, interval: 50 };

let rig: Rig;
let id: string;
let newer: string;
let monitor: MonitorProcess;
beforeAll(async () => {
  rig = await openRig(['application']);
  id = await takeBackup(rig.site, 'application');
  newer = await takeBackup(rig.site, 'application', 'manual');
  monitor = await startMonitor(rig.site, CALM, UNPRIVILEGED);
});
afterAll(async () => {
  await monitor[Symbol.asyncDispose]();
  await rig[Symbol.asyncDispose]();
});

/** Waits until a look has found this, and returns what it was. */
async function seen(one: MonitorProcess, holds: (situation: Situation) => boolean): Promise<Situation> {
  return await vi.waitUntil(async () => {
    const { data, sight } = await one.situation();
    return sight.state === 'current' && holds(data) && data;
  }, PATIENCE);
}

const possible =
  (wanted: string) =>
  ({ recovery }: Situation): boolean =>
    recovery.possible === wanted;

const names = ({ conditions }: Situation): string[] => conditions.map(({ name }) => name);

async function metricsOf(one: MonitorProcess): Promise<string> {
  const response = await fetch(`${one.url}/metrics`);
  expect(response.status).toBe(200);
  return await response.text();
}

async function figure(one: MonitorProcess, name: string): Promise<number> {
  return Number(new RegExp(`^${name} (.*)$`, 'm').exec(await metricsOf(one))?.[1]);
}

/** Every page and figure is there, and the process was never started anew or ended. */
async function expectAnswers(one: MonitorProcess): Promise<void> {
  for (const page of ['/', '/healthz', '/readyz', '/metrics', '/api/v1/situation'])
    expect((await fetch(`${one.url}${page}`)).status, page).toBe(200);
  expect(await residentBytes(one.pid)).toBeGreaterThan(0);
}

describe('backups', () => {
  test('that may not be read are not known, without a figure, until they may', async () => {
    await seen(monitor, possible('yes'));
    await chmod(rig.site.backups, 0o000);
    const found = await seen(monitor, possible('unknown'));
    expect(found.services[0]).toMatchObject({ health: 'unknown', backups: [] });
    expect(names(found)).toContain('StateUnreadable');
    expect(await metricsOf(monitor)).not.toMatch(/^backup_(?:status|age_hours|size_bytes)\{/m);
    await expectAnswers(monitor);
    await chmod(rig.site.backups, 0o700);
    await seen(monitor, possible('yes'));
  });

  test('of a volume that is empty are missing, not "none yet"', async () => {
    const { backups } = rig.site;
    await rename(backups, `${backups}.away`);
    await mkdir(backups);
    const found = await seen(monitor, possible('no'));
    expect(names(found)).toEqual(expect.arrayContaining(['RecoveryImpossible', 'SequenceGap', 'NoVerifiedBackup']));
    await expectAnswers(monitor);
    await rm(backups, { recursive: true });
    await rename(`${backups}.away`, backups);
    await seen(monitor, possible('yes'));
  });

  test('whose volume is unmounted under a running monitor are missing', async (context) => {
    requires(CAN_MOUNT, 'root, to mount a small disk', context);
    const volume = path.join(rig.site.directory, 'volume');
    await using stack = new AsyncDisposableStack();
    stack.use(await mountSmallDisk(volume, '64m'));
    await cp(rig.site.backups, volume, { recursive: true, preserveTimestamps: true });
    await using own = await startMonitor(rig.site, { ...CALM, BACKUP_DIR: volume });
    await seen(own, possible('yes'));
    await stack.disposeAsync();
    const found = await seen(own, ({ recovery }) => recovery.possible !== 'yes');
    expect(names(found)).toContain('SequenceGap');
    await expectAnswers(own);
  });

  test('with a damaged manifest are named, the others are chosen from, and it is over when it is', async () => {
    const manifest = (await filesOf(rig.site, newer)).find((each) => each.endsWith('.metadata.json')) ?? '';
    const damage = await damaged(manifest, flip(200));
    const found = await seen(monitor, (situation) => names(situation).includes('ManifestDamaged'));
    expect(found.recovery).toMatchObject({ possible: 'yes', choice: [{ id }] });
    await expectAnswers(monitor);
    await damage[Symbol.asyncDispose]();
    await seen(monitor, (situation) => !names(situation).includes('ManifestDamaged'));
  });

  test('of the future are doubtful, and nothing is fresh or good by them', async () => {
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
    const early = await (await agedBackups(rig.site)).take('application', 'weekly', tomorrow);
    const found = await seen(
      monitor,
      ({ services }) => services[0]?.backups.some(({ id: one, verified }) => one === early && verified) === true,
    );
    expect(names(found)).toContain('ClockDoubtful');
    expect(found.recovery.rpo).toEqual({ targetSeconds: 3_600_000 }); // neither kept nor missed
    expect(found.services[0]?.types.find(({ type }) => type === 'weekly')).toMatchObject({ health: 'unknown' });
    const metrics = await metricsOf(monitor);
    expect(metrics).not.toMatch(/^backup_(?:status|age_hours|last_\w+)\{service="application",type="weekly"/m);
    expect(metrics).not.toMatch(/^backup_recovery_point_timestamp_seconds/m);
    expect(metrics).not.toMatch(/ -\d/); // nothing took a negative time
    await expectAnswers(monitor);
  });
});

test('a scrape and a look read no artifact', async () => {
  const before = await monitor.situation();
  const artifacts = (await readdir(rig.site.backups, { recursive: true }))
    .filter((name) => name.endsWith('.enc'))
    .map((name) => path.join(rig.site.backups, name));
  expect(artifacts.length).toBeGreaterThanOrEqual(2);
  for (const artifact of artifacts) await chmod(artifact, 0o000);
  // One that has never seen them, and one that has.
  await using fresh = await startMonitor(
    rig.site,
    { ...CALM, STATE_DIR: path.join(rig.site.directory, 'state-2') },
    UNPRIVILEGED,
  );
  for (const one of [fresh, monitor]) {
    const looked = await figure(one, 'backup_monitor_last_look_timestamp_seconds');
    await vi.waitUntil(
      async () => (await figure(one, 'backup_monitor_last_look_timestamp_seconds')) > looked,
      PATIENCE,
    );
    const { data, sight } = await one.situation();
    expect(sight.state).toBe('current');
    expect(data.recovery).toMatchObject({ possible: 'yes', choice: before.data.recovery.choice });
    expect(names(data)).not.toContain('StateUnreadable');
    expect(await metricsOf(one)).toMatch(/^backup_status\{service="application",type="daily"\} 1$/m);
  }
  // What does read them is found out.
  const reader = await rig.site.run(['validate', id], { under: UNPRIVILEGED });
  expect(reader.code).not.toBe(0);
  expect(reader.stderr).toContain('EACCES');
  for (const artifact of artifacts) await chmod(artifact, 0o600);
});

test('a disk that fills up during a report leaves no half of one, and hides nothing; with room it is written', async (context) => {
  requires(CAN_MOUNT, 'root, to mount a small disk', context);
  const logs = path.join(rig.site.directory, 'small-logs');
  await using _disk = await mountSmallDisk(logs, '8k');
  await using own = await startMonitor(rig.site, { ...CALM, LOG_DIR: logs });
  await vi.waitUntil(async () => (await figure(own, 'backup_monitor_errors_total')) >= 2, PATIENCE);
  await seen(own, possible('yes'));
  await expectAnswers(own);
  const reports = async (): Promise<string[]> =>
    (await readdir(path.join(logs, 'monitoring'))).filter((name) => !name.endsWith('.log'));
  expect(await reports()).toEqual([]);
  await resizeSmallDisk(logs, '1m');
  await vi.waitUntil(async () => (await reports()).includes('backup_report_latest.json'), PATIENCE);
});

test('an Alertmanager that accepts and never answers holds up neither looks nor scrapes, nor the end', async () => {
  const connections: Socket[] = [];
  const server = createServer((socket) => void connections.push(socket.on('error', () => undefined).resume()));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const own = await startMonitor(rig.site, {
    ...CALM,
    STATE_DIR: path.join(rig.site.directory, 'state-3'),
    ALERTMANAGER_URL: `http://127.0.0.1:${port}`,
  });
  await vi.waitUntil(() => connections.length > 0, PATIENCE);
  const looked = await figure(own, 'backup_monitor_last_look_timestamp_seconds');
  await vi.waitUntil(
    async () => (await figure(own, 'backup_monitor_last_look_timestamp_seconds')) > looked + 2,
    PATIENCE,
  );
  await expectAnswers(own);
  own.signal('SIGTERM');
  expect((await own.ended).code).toBe(0);
  for (const socket of connections) socket.destroy();
  server.close();
});

describe('a thousand scrapes that are ended midway', () => {
  test('leave no connection and no memory behind', async () => {
    const open = async (): Promise<number> => (await readdir(`/proc/${monitor.pid}/fd`)).length;
    const before = await open();
    await abortScrapes(300); // what is made once is made
    const memory = (await residentBytes(monitor.pid)) ?? 0;
    await abortScrapes(1000);
    await vi.waitUntil(async () => (await open()) <= before + 5, PATIENCE);
    const after = (await residentBytes(monitor.pid)) ?? Number.POSITIVE_INFINITY;
    expect((after - memory) / 2 ** 20).toBeLessThan(16);
    await expectAnswers(monitor);
  });

  async function abortScrapes(count: number): Promise<void> {
    for (let done = 0; done < count; done += 50)
      await Promise.all(Array.from({ length: 50 }, (_, at) => abortScrape(at % 2 === 0)));
  }

  /** Resets the connection once the answer has begun, or before. */
  async function abortScrape(begun: boolean): Promise<void> {
    const { hostname, port } = new URL(monitor.url);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
    if (begun) await once(socket, 'data');
    socket.resetAndDestroy();
  }
});
