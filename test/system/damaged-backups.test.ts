import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cut, damaged, type Damage, extend, filesOf, flip, gone } from '../support/system/damage.ts';
import type { CheapService } from '../support/system/own-services.ts';
import { expectRefused } from '../support/system/refusals.ts';
import { openRig, type Rig, takeBackup } from '../support/system/rig.ts';

const SERVICES: readonly CheapService[] = ['postgres', 'redis', 'application'];

let rig: Rig;
const backups: Record<string, readonly [string, string]> = {};
const proofs: Record<string, Buffer> = {};

beforeAll(async () => {
  rig = await openRig(SERVICES);
  for (const service of SERVICES)
    backups[service] = [await takeBackup(rig.site, service), await takeBackup(rig.site, service)];
  for (const service of SERVICES) proofs[service] = await readFile(proofOf(service));
});
afterAll(() => rig[Symbol.asyncDispose]());

const DAMAGED = { code: 3, says: /damaged|missing|is not|does not/, hint: /./ };

function backupOf(service: string): string {
  return backups[service]?.[0] ?? '';
}

/** Validation finds it; what it found is forgotten again. */
async function expectInvalid(service: string, file: string, damage: Damage): Promise<void> {
  await using _damaged = await damaged(file, damage);
  const validated = await rig.site.run(['--json', 'validate', backupOf(service)]);
  expect({ file: path.basename(file), code: validated.code }).toEqual({ file: path.basename(file), code: 3 });
  await writeFile(proofOf(service), proofs[service] ?? '');
}

/** A restore that nobody warned refuses it before anything live is touched. */
async function expectNotRestored(service: string, file: string, damage: Damage): Promise<void> {
  await using _damaged = await damaged(file, damage);
  await expectRefused(rig.site, ['restore', backupOf(service)], DAMAGED);
}

async function expectFound(service: string, file: string, damage: Damage): Promise<void> {
  await expectInvalid(service, file, damage);
  await expectNotRestored(service, file, damage);
}

function proofOf(service: string): string {
  const [, type = ''] = backupOf(service).split('_');
  return path.join(rig.site.backups, service, type, `${backupOf(service)}.proof.json`);
}

async function storedFiles(service: string): Promise<string[]> {
  const files = await filesOf(rig.site, backupOf(service));
  return files.filter((file) => !/\.(?:metadata|proof)\.json$/.test(file));
}

describe.each(SERVICES)('%s: every stored file', (service) => {
  test('with one bit flipped, at its beginning, in the middle, or at its end', async () => {
    for (const file of await storedFiles(service)) {
      const { length } = await readFile(file);
      await expectInvalid(service, file, flip(0, 0));
      await expectInvalid(service, file, flip(Math.floor(length / 2), 3));
      await expectFound(service, file, flip(length - 1, 7));
    }
    await rig.site.good(['validate', backupOf(service)]); // healthy data passes
  });
});

describe('application: every stored file', () => {
  test.each<[string, Damage]>([
    ['cut by a byte', cut((length) => length - 1)],
    ['cut to half', cut((length) => Math.floor(length / 2))],
    ['cut to nothing', cut(() => 0)],
    ['extended by a byte', extend(Buffer.from([0]))],
    ['gone', gone],
  ])('%s', async (_, damage) => {
    for (const file of await storedFiles('application')) await expectFound('application', file, damage);
  });

  test("exchanged with another backup's", async () => {
    const [, other = ''] = backups['application'] ?? [];
    for (const file of await storedFiles('application')) {
      const theirs = await readFile(file.replaceAll(backupOf('application'), other));
      await expectFound('application', file, () => theirs);
    }
  });

  test('exchanged with another of the same backup, tags and all', async () => {
    const [list = '', , tar = ''] = await storedFiles('application');
    const contents = new Map<string, Buffer>();
    for (const file of [list, `${list}.tags`, tar, `${tar}.tags`]) contents.set(file, await readFile(file));
    await using _tags = await damaged(`${list}.tags`, () => contents.get(`${tar}.tags`));
    await expectFound('application', list, () => contents.get(tar));
  });
});

describe('a manifest', () => {
  async function manifest(): Promise<string> {
    const files = await filesOf(rig.site, backupOf('redis'));
    return files.find((file) => file.endsWith('.metadata.json')) ?? '';
  }

  /** Nothing is believed of it: it is no backup to restore from, and the list says that it is bad. */
  async function expectRejected(damage: Damage, code = 3): Promise<void> {
    await using _damaged = await damaged(await manifest(), damage);
    for (const args of [['list'], ['validate', '--all']])
      expect({ args, code: (await rig.site.run(args)).code }).toEqual({ args, code: 3 }); // it leaves a gap
    for (const args of [
      ['show', backupOf('redis')],
      ['restore', backupOf('redis')],
    ])
      await expectRefused(rig.site, args, { ...DAMAGED, code, says: /./ });
  }

  const edited =
    (from: string | RegExp, to: string): Damage =>
    (bytes) =>
      Buffer.from(bytes.toString('utf8').replace(from, to));

  test('with a bit flipped anywhere', async () => {
    const { length } = await readFile(await manifest());
    for (const share of [0.1, 0.5, 0.9]) await expectRejected(flip(Math.floor(length * share), 1));
  });

  test('cut', () => expectRejected(cut((length) => length - 20)));
  test('empty', () => expectRejected(cut(() => 0)));
  test('forged: facts', () => expectRejected(edited(/"value":\d+/, '"value":0')));
  test('forged: without its MAC', () => expectRejected(edited(/"mac":"[0-9a-f]+"/, '"mac":""')));
  test('of another backup', async () => {
    const [, other = ''] = backups['redis'] ?? [];
    const theirs = await readFile((await manifest()).replaceAll(backupOf('redis'), other));
    await expectRejected(() => theirs);
  });
  test('of a newer format is not guessed at', () => expectRejected(edited('"format":1', '"format":2'), 8));

  test('that was taken away with all its files shows as a gap', async () => {
    await using stack = new AsyncDisposableStack();
    for (const file of await filesOf(rig.site, backupOf('redis'))) stack.use(await damaged(file, gone));
    const run = await rig.site.run(['--quiet', 'validate', '--all']);
    expect(run).toMatchObject({ code: 3, stderr: expect.stringContaining('missing') as string });
  });
});

test('a proof that is damaged proves nothing', async () => {
  const files = await filesOf(rig.site, backupOf('redis'));
  const proof = files.find((file) => file.endsWith('.proof.json')) ?? '';
  await using _damaged = await damaged(proof, (bytes) => Buffer.from(bytes.toString('utf8').replace('true', 'false')));
  const run = await rig.site.run(['--json', 'list', 'redis']);
  const { backups: listed } = JSON.parse(run.stdout) as { backups: { id: string; verified: boolean }[] };
  const found = listed.find((each) => each.id === backupOf('redis'));
  expect({ code: run.code, verified: found?.verified }).toEqual({ code: 3, verified: false });
});
