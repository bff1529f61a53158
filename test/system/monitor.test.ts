import { readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startMonitor } from '../support/system/monitor-process.ts';
import { leftovers } from '../support/system/nothing-left.ts';
import { openRig, type Rig, takeBackup } from '../support/system/rig.ts';

let rig: Rig;
let id: string;
beforeAll(async () => {
  rig = await openRig(['application']);
  id = await takeBackup(rig.site, 'application');
});
afterAll(() => rig[Symbol.asyncDispose]());

describe('monitor', () => {
  test('shows what is there, and ends well when it is stopped', async () => {
    await using monitor = await startMonitor(rig.site);
    const { sight, data } = await monitor.situation();
    expect(sight.state).toBe('current');
    expect(data.recovery).toMatchObject({ possible: 'yes', choice: [{ service: 'application', id, verified: true }] });
    expect(await (await fetch(monitor.url)).text()).toContain(id);
    const metrics = await (await fetch(`${monitor.url}/metrics`)).text();
    expect(metrics).toMatch(/^backup_status\{service="application",type="daily"\} 1$/m);
    monitor.signal('SIGTERM');
    const { code, stdout, stderr } = await monitor.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\S+Z ready: http:\/\/127\.0\.0\.1:\d+\n(?:.*\n)*\S+Z stopped\n$/);
    const logs = path.join(rig.site.logs, 'monitoring');
    const [report = '', latest = '', ...others] = (await readdir(logs)).toSorted();
    expect(report).toMatch(/^backup_report_\d{8}_\d{6}\.json$/);
    expect(latest).toBe('backup_report_latest.json');
    expect(others).toEqual([expect.stringMatching(/^monitor_\d{8}\.log$/)]); // nothing half-written
    const [written, same] = await Promise.all([report, latest].map((each) => readFile(path.join(logs, each), 'utf8')));
    expect(JSON.parse(written ?? '')).toMatchObject({ recoverable: 'yes' });
    expect(same).toBe(written);
    expect(await leftovers(rig.site)).toEqual([]);
  });

  test('sees at its next look that the backups are gone, and that they are back', async () => {
    await using monitor = await startMonitor(rig.site);
    const answers = (possible: string) => async (): Promise<boolean> =>
      (await monitor.situation()).data.recovery.possible === possible;
    const patience = { timeout: 60_000, interval: 50 };
    await rename(rig.site.backups, `${rig.site.backups}.away`);
    await vi.waitUntil(answers('unknown'), patience);
    expect((await monitor.situation()).data.services.map(({ health }) => health)).not.toContain('ok');
    await rename(`${rig.site.backups}.away`, rig.site.backups);
    await vi.waitUntil(answers('yes'), patience);
  });

  test('killed at any time leaves no report that is not whole, and what it left half-written goes', async () => {
    const logs = path.join(rig.site.logs, 'monitoring');
    const names = async (): Promise<string[]> => (await readdir(logs)).toSorted();
    for (const milliseconds of [0, 2, 5]) {
      await rm(logs, { recursive: true, force: true });
      const monitor = await startMonitor(rig.site);
      await delay(milliseconds); // of a report that is being written now
      monitor.signal('SIGKILL');
      expect((await monitor.ended).killedBy).toBe('SIGKILL');
      const reports = (await names()).filter((each) => each.endsWith('.json'));
      for (const each of reports) JSON.parse(await readFile(path.join(logs, each), 'utf8'));
      expect([0, 1, 2]).toContain(reports.length);
    }
    const left = path.join(logs, '.backup_report_latest.json.00112233aabb.part');
    const others = path.join(logs, '.of-another.00112233aabb.part');
    for (const file of [left, others]) {
      await writeFile(file, '{"at":');
      await utimes(file, new Date(0), new Date(0));
    }
    await rm(path.join(logs, 'backup_report_latest.json'), { force: true });
    for (const each of (await names()).filter((name) => /^backup_report_\d/.test(name)))
      await rm(path.join(logs, each));
    await using _ = await startMonitor(rig.site);
    await vi.waitUntil(async () => !(await names()).includes(path.basename(left)), { timeout: 60_000, interval: 20 });
    expect(await names()).toContain('backup_report_latest.json');
    expect(await names()).toContain(path.basename(others));
  });

  test('asks for the token of a file, and tells it nobody', async () => {
    const token = 'a-token-that-nobody-guesses';
    const file = path.join(rig.site.directory, 'token');
    await writeFile(file, `${token}\n`);
    const monitor = await startMonitor(rig.site, { MONITOR_TOKEN_FILE: file });
    expect((await fetch(monitor.url)).status).toBe(401);
    const opened = await fetch(monitor.url, { headers: { authorization: `Bearer ${token}` } });
    expect(opened.status).toBe(200);
    expect(await opened.text()).not.toContain(token);
    monitor.signal('SIGINT');
    const { code, stdout, stderr } = await monitor.ended;
    expect(code).toBe(130);
    const logs = path.join(rig.site.logs, 'monitoring');
    const logged = await Promise.all((await readdir(logs)).map((name) => readFile(path.join(logs, name), 'utf8')));
    expect(`${stdout}${stderr}${logged.join('')}`).not.toContain(token);
  });

  test.each([
    [{ MONITOR_TOKEN: 'too-short' }, 2, 'MONITOR_TOKEN'],
    [{ MONITOR_PORT: '0' }, 2, 'MONITOR_PORT'],
    [{ MONITOR_HOST: 'no.such.host.invalid', MONITOR_PORT: '1024' }, 1, 'no.such.host.invalid'],
  ])('refuses %o', async (wrong, code, named) => {
    const ended = await rig.site.run(['monitor'], { environment: { ...rig.site.environment, ...wrong } });
    expect(ended).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(named) as string });
    expect(ended.stderr).toMatch(/^hint: /m);
    expect(ended.stderr).not.toContain('too-short');
  });

  test('says that its port is taken', async () => {
    await using first = await startMonitor(rig.site);
    const { port } = new URL(first.url);
    const second = await rig.site.run(['monitor'], { environment: { ...rig.site.environment, MONITOR_PORT: port } });
    expect(second).toMatchObject({ code: 6, stderr: expect.stringContaining('cannot listen on') as string });
    expect((await fetch(`${first.url}/healthz`)).status).toBe(200);
  });
});
