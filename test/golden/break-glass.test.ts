import { spawnSync } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SEGMENT_BYTES } from '../../src/pipeline/segments.ts';
import type { StoredBackup } from '../../src/repository/stored-backup.ts';
import { backUp, compressible, PLAIN, repositoryIn } from '../support/repository.ts';

const SCRIPT = path.join(import.meta.dirname, '../../deploy/break-glass.sh');
const DATA = compressible(2 * SEGMENT_BYTES + 100);
let directory: string;
let backup: StoredBackup;

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'pbs-break-glass-'));
  backup = await backUp(await repositoryIn(directory, { seal: { ...PLAIN, encryption: true } }), DATA);
});
afterAll(() => rm(directory, { recursive: true }));

const name = () => backup.manifest.artifacts[0]?.name ?? '';
const artifact = () => path.join(directory, 'postgres/daily', name());
const manifest = () => path.join(directory, 'postgres/daily', `${backup.manifest.id}.metadata.json`);

function breakGlass(keyring = path.join(directory, 'secrets/backup-keyring.json')) {
  const { status, stdout, stderr } = spawnSync('bash', [SCRIPT, keyring, manifest(), name()], { maxBuffer: 1 << 26 });
  return { status, stdout, stderr: stderr.toString() };
}

test('opens an artifact of several segments', () => {
  const { status, stdout, stderr } = breakGlass();
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout.equals(DATA)).toBe(true);
});

test.each([
  ['a flipped bit', artifact, (bytes: Buffer) => bytes.fill(bytes.readUInt8(5_000_000) ^ 1, 5_000_000, 5_000_001)],
  ['a cut', artifact, (bytes: Buffer) => bytes.subarray(0, SEGMENT_BYTES)],
  ['an extension', artifact, (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(16)])],
  [
    'segments exchanged',
    artifact,
    (bytes: Buffer) => {
      const [first, second] = [bytes.subarray(0, SEGMENT_BYTES), bytes.subarray(SEGMENT_BYTES, 2 * SEGMENT_BYTES)];
      return Buffer.concat([second, first, bytes.subarray(2 * SEGMENT_BYTES)]);
    },
  ],
  ['a flipped tag', () => `${artifact()}.tags`, (bytes: Buffer) => bytes.fill(bytes.readUInt8(40) ^ 1, 40, 41)],
  ['a changed manifest', manifest, (bytes: Buffer) => Buffer.from(bytes.toString().replace('"rows ', '"rowz '))],
  [
    'another wrapped key',
    manifest,
    (bytes: Buffer) =>
      Buffer.from(
        bytes.toString().replace(/("wrapped":".{40})(.)/, (_, start, digit) => `${start}${digit === '0' ? '1' : '0'}`),
      ),
  ],
])('refuses %s before it prints a byte', async (_how, file, change) => {
  const kept = await readFile(file());
  try {
    await writeFile(file(), change(Buffer.from(kept)));
    const { status, stdout, stderr } = breakGlass();
    expect(status).toBe(3);
    expect(stdout).toHaveLength(0);
    expect(stderr).toMatch(/^break-glass: .*damaged/);
  } finally {
    await writeFile(file(), kept);
  }
});

test('says when the keyring is another', async () => {
  const keyring = path.join(directory, 'other.json');
  await copyFile(path.join(import.meta.dirname, 'format-1/backup-keyring.json'), keyring);
  const { status, stdout, stderr } = breakGlass(keyring);
  expect([status, stdout.length]).toEqual([3, 0]);
  expect(stderr).toContain('does not hold key');
});
