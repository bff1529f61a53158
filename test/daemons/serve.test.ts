import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { lockFile } from '../../src/base/file-lock.ts';
import { RecoveryJournal } from '../../src/journal/recovery-journal.ts';
import type { RunKind } from '../../src/model/runs.ts';
import { RunHistory } from '../../src/records/run-history.ts';
import { never } from '../agents/scene.ts';
import { testProcesses } from '../support/file-backup.ts';
import { containerOf, type Daemon, socketsOf, startDaemon } from '../support/system/daemon.ts';
import { leftovers } from '../support/system/nothing-left.ts';
import type { ProgramRun } from '../support/system/program.ts';
import { openRig, type Rig } from '../support/system/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig(['application']);
});
afterAll(() => rig[Symbol.asyncDispose]());

/** One that a failed test left is ended. */
const daemons: Daemon[] = [];
afterEach(async () => {
  for (const each of daemons.splice(0)) each.signal('SIGKILL');
  await Promise.resolve();
});

async function started(...how: DropFirst<Parameters<typeof startDaemon>>): Promise<Daemon> {
  const daemon = await startDaemon(rig.site, ...how);
  daemons.push(daemon);
  return daemon;
}
type DropFirst<T extends readonly unknown[]> = T extends readonly [unknown, ...infer Rest] ? Rest : never;

const SCHEDULED = [] as const;
const MISSED = '2026-01-01T05:00:00.000Z';
const records = (): string => path.join(rig.site.state, 'scheduler', 'application.json');

/** As if the daily slots had been missed since then. */
beforeEach(async () => {
  await mkdir(path.dirname(records()), { recursive: true });
  await writeFile(records(), JSON.stringify({ daily: { slot: MISSED, state: 'ended', code: 0 } }));
});

function health(): Promise<ProgramRun> {
  return rig.site.run(['health'], { environment: containerOf(rig.site, ['application']) });
}

async function lastRun(kind: RunKind = 'backup'): Promise<unknown> {
  return (await new RunHistory(rig.site.state).read('application')).runs.findLast((each) => each.kind === kind);
}

async function stored(): Promise<number> {
  return ((await rig.site.good(['list']))['backups'] as unknown[]).length;
}

async function stopped(daemon: Daemon): Promise<ProgramRun> {
  daemon.signal('SIGTERM');
  return await daemon.ended;
}

describe('serve', () => {
  test('takes the backup of a missed slot once, says so, and ends well when it is stopped', async () => {
    const before = await stored();
    const daemon = await started(['application'], {}, SCHEDULED);
    await daemon.says('application daily: done');
    expect(await health()).toMatchObject({ code: 0, stdout: 'healthy\n' });
    expect(await stopped(daemon)).toMatchObject({ code: 0, stderr: '' });
    expect(daemon.said()).toMatch(
      /^\S+Z application daily: the slot of \S+ was missed, as were at least 100 before it/m,
    );
    expect(daemon.said()).toMatch(/^\S+Z application daily: application_daily_\d{8}_\d{6} .* integrity, content$/m);
    expect(await stored()).toBe(before + 1);

    const again = await started(['application'], {}, SCHEDULED);
    await again.says('application daily: next at ');
    expect(await stopped(again)).toMatchObject({ code: 0 });
    expect(again.said()).not.toContain('missed');
    expect(await stored()).toBe(before + 1);
    expect(await leftovers(rig.site)).toEqual([]);
    const log = await readFile(path.join(rig.site.logs, 'backup', `backup_${today()}.log`), 'utf8');
    expect(log).toContain('application daily: done');
    expect(await lastRun()).toMatchObject({
      kind: 'backup',
      type: 'daily',
      code: 0,
      id: expect.stringContaining('application_daily_') as string,
      trigger: 'schedule',
      slot: expect.stringContaining('T05:00:00.000Z') as string,
    });
  });

  test('checks and cleans up after the backup, and says what does not follow yet', async () => {
    const daemon = await started(['application'], {}, SCHEDULED);
    await daemon.says('application cleanup: done');
    expect(daemon.said()).toContain('validate, cleanup; replica: not configured; drill: not configured');
    expect(daemon.said()).not.toContain('application validate'); // the backup itself did
    expect(await lastRun('cleanup')).toMatchObject({ kind: 'cleanup', trigger: 'schedule', code: 0 });
    expect(await stopped(daemon)).toMatchObject({ code: 0 });
    await writeFile(records(), JSON.stringify({ care: { slot: MISSED, state: 'ended' } }));
    const again = await started(['application'], { CLEANUP_ENABLED: 'false' }, SCHEDULED);
    await again.says('application validate: done');
    expect(again.said()).toContain('cleanup (off: CLEANUP_ENABLED is false)');
    expect(await lastRun('validate')).toMatchObject({ kind: 'validate', trigger: 'schedule', code: 0 });
    expect(await stopped(again)).toMatchObject({ code: 0 });
    expect(again.said()).not.toContain('application cleanup');
  });

  test('goes by a schedule file that was changed, and refuses a broken one with its errors', async () => {
    const file = path.join(rig.site.directory, 'schedule.conf');
    await writeFile(file, 'APPLICATION_DAILY_SCHEDULE="0 5 * * *"\nAPPLICATION_WEEKLY_SCHEDULE=off\n');
    const daemon = await started(['application'], { SCHEDULE_FILE: file }, SCHEDULED);
    await daemon.says('application daily: done');
    expect(daemon.said()).not.toContain('application weekly');
    await writeFile(file, 'APPLICATION_DAILY_SCHEDULE="0 25 * * *"\nAPPLICATION_WEKLY_SCHEDULE="* * * * *"\n');
    await daemon.says('is refused: the schedules before it stay in force');
    expect(daemon.said()).toContain('"0 25 * * *" is not allowed');
    expect(daemon.said()).toContain('unknown key APPLICATION_WEKLY_SCHEDULE');
    const before = await stored();
    await writeFile(file, 'APPLICATION_MANUAL_SCHEDULE="* * * * *"\n');
    await daemon.says('has changed: its schedules are in force');
    await daemon.says('application manual: done');
    expect(await stored()).toBe(before + 1);
    expect(await stopped(daemon)).toMatchObject({ code: 0 });
  });

  test('takes none unasked with --no-schedule', async () => {
    const before = await stored();
    await using daemon = await started(['application']);
    expect((await health()).code).toBe(0);
    expect(daemon.said()).not.toContain('daily');
    expect(await stored()).toBe(before);
  });

  test('starts where its service is down, says that a run failed, and goes on', async () => {
    const variables = { APPLICATION_PATHS: 'uploads=/not/there' };
    const daemon = await started(['application'], variables, SCHEDULED);
    await daemon.says('application daily: ended with exit code');
    expect(daemon.said()).toMatch(/application daily: error: application: .*\/not\/there/);
    expect(daemon.said()).toMatch(/application daily: hint: /);
    expect(await lastRun()).toMatchObject({
      trigger: 'schedule',
      message: expect.stringContaining('/not/there') as string,
    });
    expect((await health()).code).toBe(0);
    expect(await stopped(daemon)).toMatchObject({ code: 0 });
    expect(await leftovers(rig.site)).toEqual([]);
  });

  test('when it is stopped in a run, cancels that cleanly; the next start makes up for it', async () => {
    const before = await stored();
    const slow = { PHYSICS_BACKUP_INTERRUPT_AT: 'artifact.started' }; // a signal at a known place
    const daemon = await started(['application'], slow, SCHEDULED);
    expect(await daemon.ended).toMatchObject({ code: 130, killedBy: null });
    expect(await leftovers(rig.site)).toEqual([]);
    expect(await stored()).toBe(before);

    await using next = await started(['application'], {}, SCHEDULED);
    await next.says('application daily: done');
    expect(await stored()).toBe(before + 1);
  });

  test('killed in a run, does not repeat it, and says so', async () => {
    const before = await stored();
    const daemon = await startDaemon(
      rig.site,
      ['application'],
      { PHYSICS_BACKUP_CRASH_AT: 'artifact.synced' },
      SCHEDULED,
    );
    expect(await daemon.ended).toMatchObject({ killedBy: 'SIGKILL' });
    await using next = await started(['application'], {}, SCHEDULED);
    await next.says('was killed; it is not repeated');
    expect(await stored()).toBe(before);
    expect(await lastRun()).toMatchObject({ trigger: 'schedule', code: 1, message: 'the run was killed' });
  });

  test('steps aside while a recovery is in progress, and says so', async () => {
    const before = await stored();
    const tools = { clock: systemClock, processes: testProcesses };
    const journal = new RecoveryJournal(rig.site.state, 'recovery_1', tools);
    await journal.append({ event: 'begun', backups: {} });
    const lock = await lockFile(path.join(rig.site.state, 'recovery', '.lock'), 'exclusive', testProcesses, never);
    const daemon = await started(['application'], {}, SCHEDULED);
    await daemon.says('stepped aside');
    expect(daemon.said()).toContain('application daily: error: a recovery is in progress');
    await journal.append({ event: 'ended', outcome: 'rolled-back' });
    await lock?.[Symbol.asyncDispose]();
    expect(await stopped(daemon)).toMatchObject({ code: 0 });
    expect(await stored()).toBe(before);
    await using next = await started(['application'], {}, SCHEDULED);
    await next.says('application daily: done');
  });

  test('is refused beside another, and without a service', async () => {
    await using first = await started(['application']);
    const second = await rig.site.run(['serve'], { environment: containerOf(rig.site, ['application']) });
    expect(second).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('an agent of application is running already') as string,
    });
    const none = await rig.site.run(['serve'], { environment: containerOf(rig.site, []) });
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('AGENT_SERVICES') as string });
    const blind = await rig.site.run(['health'], { environment: containerOf(rig.site, []) });
    expect(blind).toMatchObject({ code: 2, stdout: '' });
    expect(await health()).toMatchObject({ code: 0 });
    expect(first.said()).toContain('ready: application');
  });
});

describe('health', () => {
  test('is 7, with one line and a hint, unless the loop runs and the socket answers', async () => {
    await using daemon = await started(['application']);
    const heartbeat = path.join(socketsOf(rig.site), 'application.heartbeat');
    await expect.poll(async () => (await health()).code, { timeout: 60_000 }).toBe(0);
    const lines = async () => (await health()).stderr.split('\n');

    daemon.signal('SIGSTOP');
    expect(await lines()).toEqual([
      expect.stringMatching(
        /^error: application: its agent does not answer|^error: the agent of application has said nothing/,
      ),
      expect.stringMatching(/^hint: /),
      '',
    ]);
    const long = new Date(Date.now() - 10 * 60_000);
    await utimes(heartbeat, long, long);
    expect(await lines()).toEqual([
      expect.stringMatching(/^error: application: its loop last ran 6\d\d s ago$/),
      expect.stringMatching(/^hint: /),
      '',
    ]);
    const ahead = new Date(Date.now() + 10 * 60_000);
    await utimes(heartbeat, ahead, ahead);
    expect((await health()).code).toBe(7);
    daemon.signal('SIGCONT');
    await expect.poll(async () => (await health()).code, { timeout: 60_000 }).toBe(0);
  });

  test('is 7 once the daemon was stopped', async () => {
    await (await started(['application']))[Symbol.asyncDispose]();
    expect(await health()).toMatchObject({
      code: 7,
      stderr: expect.stringContaining('the agent of application is not there') as string,
    });
  });
});

function today(): string {
  return new Date().toISOString().slice(0, 10).replaceAll('-', '');
}
