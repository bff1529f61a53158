import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { ValidationOutcome } from '../../src/model/backup.ts';
import { LocalStore } from '../../src/stores/local.ts';
import {
  backupFiles,
  backUp,
  BODY,
  chunksOf,
  compressible,
  DUMP,
  failure,
  filesIn,
  GLOBALS,
  never,
  PLAIN,
  plaintext,
  quiet,
  repositoryIn,
  scratch,
  ZSTD,
} from '../support/repository.ts';

const DATA = compressible(300_000);

test('a backup is its artifacts, their tags and a manifest, and reads as it was written', async () => {
  await using directory = await scratch();
  const repository = await repositoryIn(directory.path);
  const stored = await backUp(repository, DATA);
  const { id } = stored.manifest;
  const names = [`${id}.dump.zst.enc`, `${id}.globals.sql.zst.enc`].flatMap((each) => [each, `${each}.tags`]);
  const expected = [...names, `${id}.metadata.json`].map((each) => `postgres/daily/${each}`);
  expect(await backupFiles(directory.path)).toEqual(expected.toSorted());
  expect((await plaintext(repository.open(stored, quiet))).equals(DATA)).toBe(true);
  const printed = await repository.open(stored, quiet).toProcess(GLOBALS, { file: 'cat', args: [] });
  expect(printed).toBe('CREATE ROLE teacher;');
  expect(await repository.find(id, never)).toEqual(stored);
  expect(stored.bytes).toBe(stored.manifest.artifacts.reduce((sum, each) => sum + each.storedBytes, 0));
});

test('no secret and no plaintext is in any file but the keyring', async () => {
  await using directory = await scratch();
  await backUp(await repositoryIn(directory.path), Buffer.from('the plaintext of a pupil '.repeat(500)));
  const keyring = await readFile(path.join(directory.path, 'secrets/backup-keyring.json'), 'utf8');
  const [, key = ''] = /"key": "([0-9a-f]{64})"/.exec(keyring) ?? [];
  expect(key).toHaveLength(64);
  for (const file of await filesIn(directory.path)) {
    const content = await readFile(path.join(directory.path, file), 'latin1');
    expect(content.includes(key)).toBe(file.startsWith('secrets/'));
    expect(content).not.toContain('pupil');
    expect((await stat(path.join(directory.path, file))).mode & 0o777).toBe(0o600);
  }
});

test('sequences are contiguous and each backup names the one before', async () => {
  await using directory = await scratch();
  const repository = await repositoryIn(directory.path);
  const all = [];
  for (const type of ['daily', 'weekly', 'manual'] as const) all.push(await backUp(repository, DATA, 'redis', type));
  expect(all.map((each) => each.manifest.sequence)).toEqual([1, 2, 3]);
  expect(all.map((each) => each.manifest.previous)).toEqual([null, all[0]?.digest, all[1]?.digest]);
  const { backups, damaged, gaps } = await repository.history('redis', never);
  expect(backups).toEqual(all);
  expect([damaged, gaps]).toEqual([[], []]);
  expect((await repository.history('postgres', never)).backups).toEqual([]);
});

test('backups within one second get ids of their own', async () => {
  await using directory = await scratch();
  const clock = { now: () => '2026-08-16T23:59:59.500Z' };
  const repository = await repositoryIn(directory.path, { clock });
  const ids = [];
  for (let count = 0; count < 3; count += 1) ids.push((await backUp(repository, DATA)).manifest.id);
  expect(ids).toEqual([
    'postgres_daily_20260816_235959',
    'postgres_daily_20260817_000000',
    'postgres_daily_20260817_000001',
  ]);
});

test('a draft that is given up leaves nothing, also with an artifact under way', async () => {
  await using directory = await scratch();
  const repository = await repositoryIn(directory.path);
  {
    await using lock = await repository.lock('postgres', never);
    await using draft = await repository.draft('postgres', 'daily', lock, quiet);
    await draft.fromChunks(DUMP, chunksOf(DATA));
    draft.fromProcess(GLOBALS, { file: 'cat', args: ['/dev/zero'] }).catch(() => undefined);
    expect(await backupFiles(directory.path)).not.toEqual([]);
  }
  expect(await backupFiles(directory.path)).toEqual([]);
  expect((await repository.history('postgres', never)).backups).toEqual([]);
});

test('a failed artifact is removed at once, and the draft can go on without it', async () => {
  await using directory = await scratch();
  const repository = await repositoryIn(directory.path);
  await using lock = await repository.lock('postgres', never);
  await using draft = await repository.draft('postgres', 'daily', lock, quiet);
  await expect(draft.fromProcess(GLOBALS, { file: 'false', args: [] })).rejects.toThrow('exit code 1');
  expect(await backupFiles(directory.path)).toEqual([]);
  await draft.fromChunks(DUMP, chunksOf(DATA));
  const stored = await draft.commit(BODY);
  expect(stored.manifest.artifacts.map((each) => each.extension)).toEqual(['dump']);
});

test('chunks that throw are not stored, say why, and may be written again', async () => {
  await using directory = await scratch();
  const repository = await repositoryIn(directory.path);
  await using lock = await repository.lock('postgres', never);
  await using draft = await repository.draft('postgres', 'daily', lock, quiet);
  const reason = new Error('disturbed');
  const disturbed = async function* (): AsyncGenerator<Uint8Array> {
    yield* chunksOf(DATA);
    throw reason;
  };
  for (const _ of [1, 2]) {
    const error = await draft.fromChunks(DUMP, disturbed()).catch((thrown: unknown) => thrown);
    expect([error, (error as Error).cause]).toContain(reason);
    expect(await backupFiles(directory.path)).toEqual([]);
  }
  await draft.fromChunks(DUMP, chunksOf(DATA));
  const stored = await draft.commit(BODY);
  expect((await plaintext(repository.open(stored, quiet))).equals(DATA)).toBe(true);
});

test('names with a meaning of their own are refused, and none is stored twice', async () => {
  await using directory = await scratch();
  const repository = await repositoryIn(directory.path, { seal: PLAIN });
  await using lock = await repository.lock('postgres', never);
  await using draft = await repository.draft('postgres', 'daily', lock, quiet);
  for (const kind of [{ extension: 'metadata.json' }, { role: 'proof', extension: 'json' }, { extension: 'dump.tags' }])
    await expect(draft.fromChunks(kind, chunksOf(DATA))).rejects.toThrow('name is taken');
  await draft.fromChunks(DUMP, chunksOf(DATA));
  await expect(draft.fromChunks(DUMP, chunksOf(DATA))).rejects.toThrow('name is taken');
});

test('what reads back otherwise than it was written is never committed', async () => {
  await using directory = await scratch();
  const repository = await repositoryIn(directory.path);
  await using lock = await repository.lock('postgres', never);
  await using draft = await repository.draft('postgres', 'daily', lock, quiet);
  const { name } = await draft.fromChunks(DUMP, chunksOf(DATA));
  const file = path.join(directory.path, 'postgres/daily', name);
  const bytes = await readFile(file);
  bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100);
  await writeFile(file, bytes);
  expect((await failure(draft.readBack(never))).kind).toBe('damaged');
});

function outcome(level: ValidationOutcome['level'], passed: boolean): ValidationOutcome {
  return { level, passed, at: '2026-08-16T02:00:00.000Z', seconds: 1, errors: [], warnings: [] };
}

test('proofs keep the newest outcome of each level', async () => {
  await using directory = await scratch();
  const repository = await repositoryIn(directory.path);
  const stored = await backUp(repository, DATA);
  for (const each of [outcome('integrity', true), outcome('content', false), outcome('content', true)])
    await repository.recordOutcome(stored, each, never);
  const { proof } = await repository.find(stored.manifest.id, never);
  expect(proof?.outcomes).toEqual([outcome('integrity', true), outcome('content', true)]);
  const several = ['integrity', 'content', 'restore'] as const;
  await Promise.all(several.map((level) => repository.recordOutcome(stored, outcome(level, true), never)));
  expect((await repository.find(stored.manifest.id, never)).proof?.outcomes).toHaveLength(3);
});

test('the catalogue can be searched as the guide does, and tells what is not encrypted', async () => {
  await using directory = await scratch();
  await backUp(await repositoryIn(directory.path), DATA);
  const catalogue = () => readFile(path.join(directory.path, 'postgres/metadata.json'), 'utf8');
  expect(await catalogue()).toMatch(/encrypted.*true/);
  await backUp(await repositoryIn(directory.path, { seal: PLAIN }), DATA);
  const { backups } = JSON.parse(await catalogue()) as { backups: { encrypted: boolean; verified: boolean }[] };
  expect(backups.map((each) => [each.encrypted, each.verified])).toEqual([
    [true, false],
    [false, false],
  ]);
});

test('a removal is explained, leaves no gap, and its sequence is not used again', async () => {
  await using directory = await scratch();
  const repository = await repositoryIn(directory.path);
  await backUp(repository, DATA);
  const second = await backUp(repository, DATA);
  {
    await using lock = await repository.lock('postgres', never);
    await repository.remove(second, 'older than 7 days', lock, never);
    await repository.remove(second, 'older than 7 days', lock, never);
  }
  expect((await backupFiles(directory.path)).some((file) => file.includes(second.manifest.id))).toBe(false);
  expect(await repository.history('postgres', never)).toMatchObject({ damaged: [], gaps: [] });
  expect((await failure(repository.find(second.manifest.id, never))).kind).toBe('not-found');
  expect((await backUp(repository, DATA)).manifest).toMatchObject({ sequence: 3, previous: second.digest });
  expect(await repository.history('postgres', never)).toMatchObject({ damaged: [], gaps: [] });
});

test('a backup says what it would cover up: a mark that is damaged, a volume that is not mounted', async () => {
  await using directory = await scratch();
  const state = path.join(directory.path, '.postgres.high-water.json');
  const repository = await repositoryIn(directory.path);
  expect((await backUp(repository, Buffer.from('x'))).manifest.warnings).toEqual([]);
  await writeFile(state, 'x');
  expect((await backUp(repository, Buffer.from('x'))).manifest.warnings).toEqual([
    expect.stringMatching(/high-water .*: backups that were taken away before may not be missed/),
  ]);
  expect((await backUp(repository, Buffer.from('x'))).manifest.warnings).toEqual([]);

  await rm(path.join(directory.path, 'postgres'), { recursive: true });
  const { manifest } = await backUp(repository, Buffer.from('x'));
  expect(manifest).toMatchObject({ sequence: 4, warnings: [expect.stringContaining('3 backups were made before')] });
  expect((await backUp(repository, Buffer.from('x'))).manifest.warnings).toEqual([]);
});

test('a backup that was removed and is put back is noticed', async () => {
  await using directory = await scratch();
  const repository = await repositoryIn(directory.path);
  const stored = await backUp(repository, DATA);
  const file = path.join(directory.path, 'postgres/daily', `${stored.manifest.id}.metadata.json`);
  const manifest = await readFile(file);
  await using lock = await repository.lock('postgres', never);
  await repository.remove(stored, 'asked to', lock, never);
  await writeFile(file, manifest);
  const { gaps } = await repository.history('postgres', never);
  expect(gaps).toEqual([expect.stringContaining('was removed at')]);
});

test('files without a manifest are set aside and reported, temporary ones go', async () => {
  await using directory = await scratch();
  const repository = await repositoryIn(directory.path);
  const names = ['postgres_daily_20260101_000000.dump.zst.enc', '.postgres_daily_x.dump.0123456789ab.part'];
  await mkdir(path.join(directory.path, 'postgres/daily'), { recursive: true });
  for (const name of names) await writeFile(path.join(directory.path, 'postgres/daily', name), 'left');
  const before = await repository.leftovers('postgres', never);
  expect([before.unfinished.length, before.uncommitted.length, before.orphans.length]).toEqual([1, 1, 0]);
  const stored = await backUp(repository, DATA);
  await writeFile(path.join(directory.path, 'postgres/daily', names[0] ?? ''), 'left again');
  await backUp(repository, DATA);
  const { unfinished, uncommitted, orphans } = await repository.leftovers('postgres', never);
  expect([unfinished, uncommitted]).toEqual([[], []]);
  expect(orphans.map((each) => each.key)).toEqual([
    `postgres/.orphans/${names[0] ?? ''}`,
    `postgres/.orphans/${names[0] ?? ''}.1`,
  ]);
  expect(await repository.checkIntegrity(stored, quiet)).toEqual([]);
});

test('backups without encryption or compression are authenticated and read all the same', async () => {
  await using directory = await scratch();
  for (const seal of [PLAIN, { ...ZSTD, compression: 'gzip' as const }]) {
    const repository = await repositoryIn(directory.path, { seal });
    const stored = await backUp(repository, DATA);
    expect(await repository.checkIntegrity(stored, quiet)).toEqual([]);
    expect((await plaintext(repository.open(stored, quiet))).equals(DATA)).toBe(true);
  }
});

test('an artifact that a backup lacks is damage, and leaves no file', async () => {
  await using directory = await scratch();
  const repository = await repositoryIn(directory.path);
  const stored = await backUp(repository, DATA);
  const reading = repository.open(stored, quiet).toFile({ extension: 'rdb' }, path.join(directory.path, 'out'));
  expect((await failure(reading)).kind).toBe('damaged');
  expect(await filesIn(directory.path)).not.toContain('out');
});

test('the order of writes: the manifest is the last, and each step is on disk before the next', async () => {
  await using directory = await scratch();
  const steps: string[] = [];
  const store = new LocalStore(directory.path, (step, key) => {
    steps.push(`${step} ${key.replace(/^.*\/[a-z]+_daily_\d+_\d+/, '')}`);
    return Promise.resolve();
  });
  await backUp(await repositoryIn(directory.path, { store }), DATA);
  const at = (step: string) => steps.indexOf(step);
  const lastArtifact = Math.max(
    at('placed .dump.zst.enc'),
    at('placed .globals.sql.zst.enc'),
    at('placed .dump.zst.enc.tags'),
  );
  expect(at('synced .dump.zst.enc')).toBeLessThan(at('placed .dump.zst.enc'));
  expect(lastArtifact).toBeLessThan(at('written .metadata.json'));
  expect(at('synced .metadata.json')).toBeLessThan(at('placed .metadata.json'));
  expect(steps.at(-1)).toBe('placed postgres/metadata.json');
  await rm(path.join(directory.path, 'postgres/metadata.json'));
});
