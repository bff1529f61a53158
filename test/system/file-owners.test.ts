import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testProcesses } from '../support/file-backup.ts';
import { leftovers } from '../support/system/nothing-left.ts';
import { openSite, type Site } from '../support/system/site.ts';
import { requires } from '../support/system/what-can-run.ts';

const ROOT = process.getuid?.() === 0;

let directory: string;
let uploads: string;
let site: Site;

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'pbs-owners-'));
  uploads = path.join(directory, 'uploads');
  site = await openSite(['application'], { APPLICATION_PATHS: `uploads=${uploads}` });
});
afterEach(async () => {
  await site[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

/** Files of several users that nobody else may read, one of them with the right to be run as its group. */
async function fill(): Promise<void> {
  await mkdir(path.join(uploads, 'private'), { recursive: true });
  await writeFile(path.join(uploads, 'own'), 'ours');
  await writeFile(path.join(uploads, 'private', 'secret'), 'of another user');
  await writeFile(path.join(uploads, 'tool'), '#!/bin/sh\n');
  await chown(path.join(uploads, 'private', 'secret'), 7474, 7474);
  await chown(path.join(uploads, 'private'), 7474, 7474);
  await chown(path.join(uploads, 'tool'), 33, 44);
  await chmod(path.join(uploads, 'private', 'secret'), 0o600);
  await chmod(path.join(uploads, 'private'), 0o700);
  await chmod(path.join(uploads, 'tool'), 0o2750);
}

/** The program as user 1000 with these capabilities, as containers run it (docs/architecture.md, "What the helper needs"). */
function as1000(...capabilities: readonly string[]): readonly string[] {
  const only = ['-all', ...capabilities.map((each) => `+${each}`)].join(',');
  const user = ['--reuid', '1000', '--regid', '1000', '--clear-groups'];
  return ['setpriv', ...user, `--inh-caps=${only}`, `--ambient-caps=${only}`, `--bounding-set=${only}`, '--'];
}

const RESTORING = as1000('chown', 'dac_override', 'fowner', 'fsetid');

async function owners(): Promise<string> {
  const find = { file: 'find', args: [uploads, '-printf', '%P %U:%G %m %s\n'] };
  const { stdout } = await testProcesses.run(find, new AbortController().signal);
  return stdout.split('\n').toSorted().join('\n');
}

test('files of other users that cannot be read are named', async (run) => {
  requires(ROOT, 'root, to make files of others', run);
  await fill();
  const withoutRights = ['setpriv', '--bounding-set=-all', '--'];
  const { warnings } = await site.good(['backup', 'application', 'manual'], { under: withoutRights });
  expect(warnings).toContainEqual(expect.stringContaining('uploads/private could not be read'));
  expect(warnings).toContainEqual(expect.stringContaining('uploads/tool could not be read'));
});

test('with the right to read they are captured, and with four more rights restored with their owners', async (run) => {
  requires(ROOT, 'root, to make files of others', run);
  await fill();
  const before = await owners();
  const { warnings } = await site.good(['backup', 'application', 'manual'], { under: RESTORING });
  expect(warnings).toEqual([]);
  await rm(path.join(uploads, 'private'), { recursive: true });
  await rm(path.join(uploads, 'tool'));
  await chmod(uploads, 0o700); // as user 1000 alone would not get in
  const lost = await owners();
  await site.good(['recover', 'latest'], { under: RESTORING });
  expect(await owners()).toBe(before);
  expect(await readFile(path.join(uploads, 'private', 'secret'), 'utf8')).toBe('of another user');
  await site.good(['recover', 'rollback'], { under: RESTORING });
  expect(await owners()).toBe(lost);
  expect(await leftovers(site)).toEqual([]);
});

test('without the right to give files away nothing live is changed', async (run) => {
  requires(ROOT, 'root, to make files of others', run);
  await fill();
  await site.good(['backup', 'application', 'manual'], { under: RESTORING });
  const before = await owners();
  const { code, stderr } = await site.run(['recover', 'latest'], { under: as1000('dac_override', 'fowner', 'fsetid') });
  expect(code).toBe(7);
  expect(stderr).toContain('which user 1000 cannot give it to');
  expect(await owners()).toBe(before);
  expect(await leftovers(site)).toEqual([]);
});
