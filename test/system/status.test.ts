import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Situation } from '../../src/model/situation.ts';
import { damaged, filesOf, flip } from '../support/system/damage.ts';
import { documentOf, type ProgramRun } from '../support/system/program.ts';
import { openRig, type Rig, takeBackup } from '../support/system/rig.ts';
import { UNPRIVILEGED } from '../support/system/what-can-run.ts';

let rig: Rig;
let id: string;
beforeAll(async () => {
  rig = await openRig(['application']);
  id = await takeBackup(rig.site, 'application');
});
afterAll(() => rig[Symbol.asyncDispose]());

/** No schedules, whose target is met: what is left is the backups. */
const CALM = { APPLICATION_DAILY_SCHEDULE: '', RECOVERY_RPO_HOURS: '1000' };

function status(
  args: readonly string[] = [],
  environment: Record<string, string> = {},
  under: readonly string[] = [],
): Promise<ProgramRun> {
  return rig.site.run(['status', ...args], { environment: { ...CALM, ...environment }, under });
}

async function situation(): Promise<{ code: number; situation: Situation }> {
  const document = documentOf(await status(['--json']));
  return { code: document.exitCode, situation: document['situation'] as Situation };
}

function names({ conditions }: Situation): string[] {
  return conditions.map((each) => each.name);
}

test('says on its first line whether we could recover now, to when and in how long, in 80 columns', async () => {
  const { stdout, stderr, code } = await status();
  expect(stdout).toMatch(/^RECOVERABLE: yes, to \d{4}-\d\d-\d\d \d\d:\d\d UTC \(\d+ s ago\), duration not known\n/);
  expect(stdout).toMatch(/application +daily +\w+ +\d+ s ago/);
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect({ stderr, code }).toEqual({ stderr: '', code: 4 }); // no scheduler runs here
});

async function fileOf(backup: string, ending: string): Promise<string> {
  const file = (await filesOf(rig.site, backup)).find((each) => each.endsWith(ending));
  if (file === undefined) throw new Error(`${backup} has no ${ending}`);
  return file;
}

test('changes nothing, and reads no artifact', async () => {
  const before = await everything();
  const artifact = await fileOf(id, '.tar.zst.enc');
  await chmod(artifact, 0o000);
  const found = documentOf(await status(['--json'], {}, UNPRIVILEGED));
  expect((found['situation'] as Situation).recovery.possible).toBe('yes');
  const reader = await rig.site.run(['validate', id], { under: UNPRIVILEGED });
  expect(reader.stderr).toContain('EACCES'); // who reads one is found out
  await chmod(artifact, 0o600);
  expect(await everything()).toEqual(before);
});

async function everything(): Promise<string[]> {
  const { backups, state, secrets } = rig.site;
  const found = await Promise.all([backups, state, secrets].map((each) => readdir(each, { recursive: true })));
  return found.flat();
}

test('a recovery that was done says how long it takes', async () => {
  await rig.site.good(['recover', 'latest']);
  await rig.site.good(['recover', 'finish']);
  expect((await status()).stdout).toMatch(/^RECOVERABLE: yes, to .*, in about \d+ s\n/);
});

test('backups that are not mounted are not known, and an empty volume is one where they are missing', async () => {
  const { backups } = rig.site;
  await rename(backups, `${backups}.away`);
  const gone = await situation();
  expect(gone.code).toBe(7);
  expect(gone.situation.recovery.possible).toBe('unknown');
  expect(gone.situation.services[0]).toMatchObject({ health: 'unknown', backups: [] });
  await mkdir(backups);
  const empty = await situation();
  expect(empty.code).toBe(3);
  expect(empty.situation.recovery.possible).toBe('no');
  expect(empty.situation.services[0]?.gaps).toBeGreaterThan(0);
  expect(names(empty.situation)).toEqual(
    expect.arrayContaining(['RecoveryImpossible', 'SequenceGap', 'NoVerifiedBackup']),
  );
  await rm(backups, { recursive: true });
  await rename(`${backups}.away`, backups);
});

test('a keyring that is gone prevents a recovery', async () => {
  const { secrets } = rig.site;
  const keyring = path.join(secrets, 'backup-keyring.json');
  await rename(keyring, `${keyring}.away`);
  const found = await situation();
  expect(found.code).toBe(8);
  expect(found.situation.recovery).toMatchObject({ possible: 'no', why: expect.stringContaining('keyring') });
  expect(await readdir(secrets)).toEqual(['backup-keyring.json.away']);
  await rename(`${keyring}.away`, keyring);
});

test('a damaged manifest is told of, and what is left is chosen from', async () => {
  const bad = await takeBackup(rig.site, 'application', 'manual');
  const manifest = await fileOf(bad, '.metadata.json');
  const damage = await damaged(manifest, flip(200));
  const found = await situation();
  expect(found.code).toBe(3);
  expect(found.situation.recovery).toMatchObject({ possible: 'yes', choice: [{ id }] });
  expect(found.situation.services[0]?.damaged).toEqual([expect.stringContaining(path.basename(manifest))]);
  await damage[Symbol.asyncDispose]();
  expect((await situation()).code).toBe(4);
});

test('a damaged record of the scheduler is told of, and hides nothing else', async () => {
  const directory = path.join(rig.site.state, 'scheduler');
  await mkdir(directory, { recursive: true });
  await writeFile(path.join(directory, 'application.json'), '{');
  const found = await situation();
  expect(found.code).toBe(7);
  expect(found.situation.recovery.possible).toBe('yes');
  expect(names(found.situation)).toContain('StateUnreadable');
  await rm(directory, { recursive: true });
});

test('settings that are wrong are said, all at once', async () => {
  const { code, stderr } = await status([], { BACKUP_CHECK_INTERVAL: 'often', RECOVERY_RPO_HOURS: '-1' });
  expect(code).toBe(2);
  expect(stderr.match(/^error: /gm)).toHaveLength(2);
});

test('volumes are those of the backups and those that are mounted for us', async () => {
  const volumes = path.join(rig.site.directory, 'volumes');
  await mkdir(path.join(volumes, 'postgres-data'), { recursive: true });
  await writeFile(path.join(volumes, 'postgres-data', 'rows'), Buffer.alloc(100_000, 1));
  const environment = { ...rig.site.environment, VOLUMES_DIR: volumes };
  const all = documentOf(await rig.site.run(['--json', 'volumes'], { environment }));
  expect(all['volumes']).toMatchObject([{ volume: 'postgres-data' }, { volume: 'backup-application' }]);
  for (const { usedPercent } of all['volumes'] as { usedPercent: number }[]) expect(usedPercent).toBeGreaterThan(0);
  const full = { ...environment, VOLUME_USAGE_THRESHOLD: '1', VOLUME_CRITICAL_THRESHOLD: '2' };
  const bad = await rig.site.run(['volumes', 'postgres-data', '--report'], { environment: full });
  expect(bad.code).toBe(4);
  expect(bad.stdout).toMatch(/postgres-data +BAD/);
  expect(await readdir(path.join(rig.site.logs, 'volume-health'))).toHaveLength(2);
  const unknown = await rig.site.run(['volumes', 'postgres-dat'], { environment });
  expect(unknown).toMatchObject({ code: 5, stdout: '' });
  expect(unknown.stderr).toContain('did you mean "postgres-data"?');
});

test("the guide's report is a file that jq reads, and a full disk leaves the one from before", async () => {
  const first = await rig.site.good(['report']);
  const latest = path.join(rig.site.logs, 'monitoring', 'backup_report_latest.json');
  const read = async (): Promise<{ recoverable: string; at: string }> =>
    JSON.parse(await readFile(latest, 'utf8')) as { recoverable: string; at: string };
  const before = await read();
  expect(before.recoverable).toBe('yes');
  expect(first['file']).toMatch(/monitoring\/backup_report_\d{8}_\d{6}\.json$/);
  const files = await readdir(path.dirname(latest));
  const full = await rig.site.run(['report'], { under: ['prlimit', '--fsize=1000'] });
  expect(full.code).toBe(1);
  expect(full.stderr).toMatch(/^error: writing .*\nhint: make room/m);
  expect(await read()).toEqual(before);
  expect(await readdir(path.dirname(latest))).toEqual(files);
});
