import { chmod, chown, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fingerprint } from '../../platform/fingerprint/all.ts';
import { differences } from '../../platform/fingerprint/compare.ts';
import { SERVICES } from '../../src/model/vocabulary.ts';
import { engine, rig } from './support/rig.ts';

/** Of the user of a web server, and nobody else's to read. */
const THEIRS = 33;

function idIn(text: string): string {
  const [id] = /application_manual_\d{8}_\d{6}/.exec(text) ?? [];
  if (id === undefined) throw new Error(`no backup is named in: ${text}`);
  return id;
}

describe.runIf(engine)('a file of the application that only its owner may read', () => {
  let file: string;
  beforeEach(async () => {
    file = path.join(rig().stack.directory, 'application', 'uploads', 'private');
    await writeFile(file, 'secret of another');
    await chmod(file, 0o600);
    await chown(file, THEIRS, THEIRS);
  });
  afterEach(() => rm(file, { force: true }));

  test('is named by the backup of a container that may not read it', async () => {
    const { stack } = rig();
    const taken = await stack.exec('application', '/scripts/scheduler.sh', 'backup', 'application', 'manual');
    expect(taken.code).toBe(4);
    expect(taken.stderr).toContain('uploads/private could not be read and is not in the backup');
  });

  test('is captured by the container that may, when it is asked to, and comes back to its owner', async () => {
    const { stack } = rig();
    const inRestore = (...words: readonly string[]) => stack.compose('run', '--rm', 'backup-restore', ...words);
    const taken = await inRestore('backup', 'application', 'manual');
    expect(taken, taken.stderr).toMatchObject({ code: 0 });
    await rm(file);
    const restored = await inRestore('restore', idIn(taken.stdout));
    expect(restored, restored.stderr).toMatchObject({ code: 0 });
    expect(await readFile(file, 'utf8')).toBe('secret of another');
    const { uid, gid, mode } = await stat(file);
    expect([uid, gid, (mode & 0o777).toString(8)]).toEqual([THEIRS, THEIRS, '600']);
    const finished = await inRestore('recover', 'finish');
    expect(finished, finished.stderr).toMatchObject({ code: 0 });
    expect(await stack.strangersFiles()).toEqual([]);
  });
});

describe.runIf(engine)('a recovery that is asked for in a container that may not write the files', () => {
  test('changes nothing, and says where it can be done', async () => {
    const { stack, shared } = rig();
    const taken = await stack.exec('postgres', '/scripts/scheduler.sh', 'backup', 'all', 'daily');
    expect(taken, taken.stderr).toMatchObject({ code: 0 });
    const before = await fingerprint(shared.environment);
    const ended = await stack.exec('postgres', '/scripts/restore/disaster_recovery.sh', 'recover', 'latest');
    expect(ended.code, ended.stderr).toBe(7);
    expect(ended.stderr).toMatch(/^error: application: /m);
    expect(ended.stderr).toMatch(/^hint: .*backup-restore/m);
    const after = await fingerprint(shared.environment);
    for (const service of SERVICES) expect(differences(before[service], after[service]), service).toEqual([]);
  });
});
