import { execFileSync } from 'node:child_process';
import { cp, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BackupId } from '../../src/model/vocabulary.ts';
import { Keyring } from '../../src/repository/keyring.ts';
import { decodeManifest, MANIFEST_FIELDS } from '../../src/repository/manifest-codec.ts';
import { manifestKey } from '../../src/repository/names.ts';
import { sealKeys } from '../../src/pipeline/keys.ts';
import { LocalStore } from '../../src/stores/local.ts';
import { DUMP, GLOBALS, never, plaintext, quiet, repositoryIn, scratch } from '../support/repository.ts';

const GOLDEN = path.join(import.meta.dirname, 'format-1');
const DAILY = path.join(GOLDEN, 'postgres/daily');
const BREAK_GLASS = path.join(import.meta.dirname, '../../deploy/break-glass.sh');
const FORMAT = path.join(import.meta.dirname, '../../docs/format.md');
const STAGES = ['.zst.enc', '.gz.enc', '.enc', ''];
const CASES = STAGES.map((suffix, index) => ({
  suffix,
  index,
  id: `postgres_daily_20260816_02000${index}` as BackupId,
}));
const dump = (index: number) => `dump ${index} `.repeat(3000);
const ROLES = 'CREATE ROLE "Prüfer";\n';

const keyring = () => Keyring.open(GOLDEN, () => Promise.reject(new Error('the golden keyring is there')));

test('the backups of format 1 that people have are read, for ever', async () => {
  await using directory = await scratch();
  await cp(GOLDEN, directory.path, { recursive: true });
  const repository = await repositoryIn(directory.path, { keyring: await keyring() });
  const { backups, damaged, gaps } = await repository.history('postgres', never);
  expect([damaged, gaps]).toEqual([[], []]);
  expect(backups.map((each) => each.manifest.id)).toEqual(CASES.map((each) => each.id));
  for (const [index, backup] of backups.entries()) {
    expect(backup.manifest).toMatchObject({
      sequence: index + 1,
      warnings: ['a warning with "quotes", {braces} and ü'],
    });
    expect(backup.proof?.outcomes.map((each) => [each.level, each.passed])).toEqual([['content', true]]);
    expect(await repository.checkIntegrity(backup, quiet)).toEqual([]);
    const opened = repository.open(backup, quiet);
    expect((await plaintext(opened)).toString()).toBe(dump(index));
    expect(await opened.toProcess(GLOBALS, { file: 'cat', args: [] })).toBe(ROLES);
    expect(await opened.toProcess({ role: 'empty', extension: 'json' }, { file: 'cat', args: [] })).toBe('');
  }
});

test('the next backup after them continues their chain', async () => {
  await using directory = await scratch();
  await cp(GOLDEN, directory.path, { recursive: true });
  const repository = await repositoryIn(directory.path, { keyring: await keyring() });
  await using lock = await repository.lock('postgres', never);
  await using draft = await repository.draft('postgres', 'daily', lock, quiet);
  await draft.fromProcess(DUMP, { file: 'true', args: [] });
  const { backups } = await repository.history('postgres', never);
  const { facts, versions, consistency, purpose, moment } = present(backups[0]).manifest;
  const nothing = { warnings: [], recoveryPoint: null, parent: null, suspect: [] };
  const next = await draft.commit({ facts, versions, consistency, purpose, moment, ...nothing });
  expect(next.manifest.sequence).toBe(6);
});

test('openssl and zstd open an artifact with the command of docs/format.md, as it is printed there', async () => {
  const { id } = present(CASES[0]);
  const bytes = await new LocalStore(GOLDEN).read(manifestKey(id), 1_000_000, never);
  const { manifest, backupKey } = decodeManifest(bytes, id, await keyring());
  const artifact = present(manifest.artifacts.find((each) => each.extension === 'dump'));
  const documented = present(/^ +(openssl enc .*)$/m.exec(await readFile(FORMAT, 'utf8'))?.[1]);
  const command = documented.replace('-in FILE', '-in "$1"').replace('3<PASSWORDFILE', '3<&0');
  const password = sealKeys(backupKey, artifact.name, artifact.nonce).encryption.toString('hex');
  const file = path.join(DAILY, artifact.name);
  expect(execFileSync('sh', ['-c', command, 'sh', file], { input: password, encoding: 'utf8' })).toBe(dump(0));
});

test('docs/format.md names every field of a manifest', async () => {
  const text = await readFile(FORMAT, 'utf8');
  for (const field of Object.keys(MANIFEST_FIELDS)) expect(text).toContain(`\`${field}\``);
});

describe('the break-glass script, with no Node on the PATH', () => {
  test.each(CASES)('opens $id, its suffix "$suffix"', async ({ id, suffix, index }) => {
    await using tools = await onlyTools();
    expect(tools.breakGlass(id)).toBe(
      ['dump', 'empty.json', 'globals.sql'].map((each) => `${id}.${each}${suffix}\n`).join(''),
    );
    expect(tools.breakGlass(id, `${id}.dump${suffix}`)).toBe(dump(index));
    expect(tools.breakGlass(id, `${id}.globals.sql${suffix}`)).toBe(ROLES);
    expect(tools.breakGlass(id, `${id}.empty.json${suffix}`)).toBe('');
  });
});

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the golden backups lack something');
  return value;
}

const TOOLS = 'bash sh openssl zstd gzip od tr sed grep head cut dd wc cat basename dirname'.split(' ');

/** A directory with links to the few programs that the script may need, as its whole PATH. */
async function onlyTools() {
  const directory = await scratch();
  for (const tool of TOOLS) {
    const program = execFileSync('sh', ['-c', 'command -v "$1"', 'sh', tool], { encoding: 'utf8' }).trim();
    execFileSync('ln', ['-s', program, path.join(directory.path, tool)]);
  }
  const breakGlass = (id: BackupId, ...artifact: string[]): string => {
    const args = [
      BREAK_GLASS,
      path.join(GOLDEN, 'backup-keyring.json'),
      path.join(GOLDEN, manifestKey(id)),
      ...artifact,
    ];
    return execFileSync('bash', args, { env: { PATH: directory.path }, encoding: 'utf8' });
  };
  return { breakGlass, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() };
}
