import { access, chmod, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { damaged, flip, gone } from '../support/system/damage.ts';
import { expectRefused } from '../support/system/refusals.ts';
import { openRig, type Rig, takeBackup } from '../support/system/rig.ts';
import { openSite } from '../support/system/site.ts';

let rig: Rig;
let backup: string;
let keyring: string;

beforeAll(async () => {
  rig = await openRig(['application']);
  backup = await takeBackup(rig.site, 'application');
  keyring = path.join(rig.site.secrets, 'backup-keyring.json');
});
afterAll(() => rig[Symbol.asyncDispose]());

/** Every command that needs a key says so; none makes another one, or anything else. */
async function expectKeysNeeded(says: RegExp): Promise<void> {
  const commands = [['list'], ['show', backup], ['validate', '--all'], ['restore', backup]];
  for (const args of [...commands, ['recover', 'latest'], ['backup', 'application', 'daily']])
    await expectRefused(rig.site, args, { code: 8, says, hint: /key/ });
}

describe('a keyring', () => {
  test('that is missing while there are backups is not made anew', async () => {
    await using _gone = await damaged(keyring, gone);
    await expectKeysNeeded(/keyring .* is missing/);
    await expect(access(keyring)).rejects.toThrow('ENOENT');
  });

  test('of another installation opens nothing', async () => {
    await using other = await openSite(['application'], rig.services.environment);
    await takeBackup(other, 'application');
    const theirs = await readFile(path.join(other.secrets, 'backup-keyring.json'));
    await using _exchanged = await damaged(keyring, () => theirs);
    await expectKeysNeeded(/keyring does not hold/);
  });

  test('that is damaged is refused, and nothing of it is said', async () => {
    const { keys } = JSON.parse(await readFile(keyring, 'utf8')) as { keys: { key: string }[] };
    const text = await readFile(keyring, 'utf8');
    const at = text.indexOf(keys[0]?.key ?? '');
    await using _damaged = await damaged(keyring, flip(at + 10, 0));
    await expectKeysNeeded(/keyring .* is damaged/);
  });

  test('that is no keyring', async () => {
    await using _damaged = await damaged(keyring, () => Buffer.from('not a keyring'));
    await expectKeysNeeded(/keyring .* is damaged/);
  });

  test('that others may read is told of, with the remedy', async () => {
    await chmod(keyring, 0o644);
    const run = await rig.site.run(['doctor']);
    await chmod(keyring, 0o600);
    expect(run).toMatchObject({
      code: 4,
      stdout: expect.stringContaining('may be read by others (mode 0644)') as string,
    });
    expect(run.stdout + run.stderr).toContain(`chmod 600 ${keyring}`);
    expect((await rig.site.run(['doctor'])).code).toBe(0);
  });

  test('that came back opens everything again', async () => {
    await expect(rig.site.good(['validate', '--all'])).resolves.toBeDefined();
  });
});
