import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { BackupError } from '../../src/base/errors.ts';
import { type BackupSummary, summaryOf } from '../../src/model/backup.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { LocalStore } from '../../src/stores/local.ts';
import { Keyring } from '../../src/repository/keyring.ts';
import { KnownHere } from '../../src/repository/known-here.ts';
import { backUp, failure, never, repositoryIn, scratch } from '../support/repository.ts';

const DATA = Buffer.from('some rows');

/** Notes which manifests and proofs are read. */
class WatchedStore extends LocalStore {
  reads: string[] = [];
  broken = false;

  override async read(key: string, limit: number, signal: AbortSignal): Promise<Buffer> {
    if (/\.(metadata|proof)\.json$/.test(path.basename(key))) this.reads.push(key);
    if (this.broken && key.endsWith('.metadata.json')) throw new BackupError('EIO', { kind: 'failed' });
    return await super.read(key, limit, signal);
  }
}

async function threeBackups(directory: string) {
  const store = new WatchedStore(directory);
  const repository = await repositoryIn(directory, { store });
  const stored = [];
  for (const type of ['daily', 'weekly', 'manual'] as const)
    stored.push(await backUp(repository, DATA, 'postgres', type));
  return { store, repository, ids: stored.map((each) => each.manifest.id) };
}

async function summaries(repository: Repository): Promise<BackupSummary[]> {
  const { backups } = await repository.history('postgres', never);
  return backups.map(({ manifest, proof, bytes }) => summaryOf(manifest, proof, bytes));
}

async function listed(repository: Repository, store: WatchedStore) {
  store.reads = [];
  const found = await repository.listing('postgres', never);
  return { ...found, reads: store.reads.map((key) => path.basename(key)) };
}

test('a listing says what the history says, and reads no file that was authenticated before', async () => {
  await using directory = await scratch();
  const { store, repository } = await threeBackups(directory.path);
  const expected = await summaries(repository);
  expect(await listed(repository, store)).toEqual({ backups: expected, damaged: [], gaps: [], missing: 0, reads: [] });
  await rm(path.join(directory.path, '.postgres.known.json'));
  const anew = await listed(repository, store);
  expect(anew.backups).toEqual(expected);
  expect(anew.reads).toHaveLength(3);
});

test('a file that was written since is read again, be it damaged or a new proof', async () => {
  await using directory = await scratch();
  const { store, repository, ids } = await threeBackups(directory.path);
  const [first = '', second = ''] = ids;
  const manifest = path.join(directory.path, `postgres/daily/${first}.metadata.json`);
  const bytes = await readFile(manifest);
  bytes.writeUInt8(bytes.readUInt8(200) ^ 1, 200);
  await writeFile(manifest, bytes);
  const found = (await repository.history('postgres', never)).backups.find((each) => each.manifest.id === second);
  if (found === undefined) throw new Error('the second backup is gone');
  const outcome = { level: 'content', passed: false, at: BAD_DAY, seconds: 1, errors: ['bad'], warnings: [] } as const;
  await repository.recordOutcome(found, outcome, never);

  const { backups, damaged, gaps, reads } = await listed(repository, store);
  expect(backups.map(({ id, failed }) => [id, failed])).toEqual([
    [second, true],
    [ids[2], false],
  ]);
  expect(damaged).toEqual([expect.objectContaining({ path: `postgres/daily/${first}.metadata.json` })]);
  expect(gaps.join()).toMatch(/missing/);
  expect(reads.toSorted()).toEqual(
    [`${first}.metadata.json`, `${second}.metadata.json`, `${second}.proof.json`].toSorted(),
  );
});

const BAD_DAY = '2026-08-16T02:00:00.000Z';

test('a backup that was taken away is missed although it was known', async () => {
  await using directory = await scratch();
  const { store, repository, ids } = await threeBackups(directory.path);
  await rm(path.join(directory.path, `postgres/weekly/${ids[1] ?? ''}.metadata.json`));
  const { backups, gaps, missing, reads } = await listed(repository, store);
  expect(backups.map((each) => each.id)).toEqual([ids[0], ids[2]]);
  expect(missing).toBe(1);
  expect(gaps).toEqual([expect.stringContaining('backup 2 is missing')]);
  expect(reads).toEqual([]);
});

test.each([
  ['was changed', (text: string) => text.replace('"verified":false', '"verified":true')],
  ['is cut', (text: string) => text.slice(0, 100)],
  ['is empty', () => ''],
])('what is known is not believed where its file %s', async (_, change) => {
  await using directory = await scratch();
  const { store, repository } = await threeBackups(directory.path);
  const file = path.join(directory.path, '.postgres.known.json');
  const before = await readFile(file, 'utf8');
  const after = change(before);
  expect(after).not.toBe(before);
  await writeFile(file, after);
  const { backups, reads } = await listed(repository, store);
  expect(backups).toEqual(await summaries(repository));
  expect(backups.some((each) => each.verified)).toBe(false);
  expect(reads).toHaveLength(3);
});

/** Another repository over the same files, as the looks of a monitor open one each time. */
async function monitored(directory: string) {
  const [store, knownHere] = [new WatchedStore(directory), new KnownHere()];
  const look = async () => await listed(await repositoryIn(directory, { store, knownHere }), store);
  return { look, store };
}

test('of looks that follow one another each reads what was written since the one before, and no more', async () => {
  await using directory = await scratch();
  const { repository, ids } = await threeBackups(directory.path);
  const { look } = await monitored(directory.path);
  const first = await look();
  expect(first).toMatchObject({ backups: await summaries(repository), damaged: [], gaps: [], missing: 0, reads: [] });
  await rm(path.join(directory.path, '.postgres.known.json')); // it is known here
  expect(await look()).toEqual(first);

  const fourth = await backUp(repository, DATA, 'postgres', 'monthly');
  await rm(path.join(directory.path, '.postgres.known.json'));
  const grown = await look();
  expect(grown.reads).toEqual([`${fourth.manifest.id}.metadata.json`, `${fourth.manifest.id}.proof.json`]);
  expect(grown.backups).toEqual(await summaries(repository));
  const outcome = { level: 'content', passed: false, at: BAD_DAY, seconds: 1, errors: ['bad'], warnings: [] } as const;
  await repository.recordOutcome(fourth, outcome, never);
  const failed = await look();
  expect(failed.reads).toEqual([`${fourth.manifest.id}.metadata.json`, `${fourth.manifest.id}.proof.json`]);
  expect(failed.backups.map((each) => each.failed)).toEqual([false, false, false, true]);

  await rm(path.join(directory.path, `postgres/weekly/${ids[1] ?? ''}.metadata.json`));
  const poorer = await look();
  expect(poorer).toMatchObject({ missing: 1, gaps: [expect.stringContaining('backup 2 is missing')] });
  expect(poorer.backups.map(({ id }) => id)).toEqual([ids[0], ids[2], fourth.manifest.id]);
  expect(await look()).toEqual({ ...poorer, reads: [] });
});

test('what is damaged is said at every look, until it is mended', async () => {
  await using directory = await scratch();
  const { repository, ids } = await threeBackups(directory.path);
  const { look } = await monitored(directory.path);
  await look();
  const manifest = path.join(directory.path, `postgres/daily/${ids[0] ?? ''}.metadata.json`);
  const good = await readFile(manifest);
  const bad = Buffer.from(good);
  bad.writeUInt8(bad.readUInt8(200) ^ 1, 200);
  await writeFile(manifest, bad);
  for (let time = 0; time < 3; time += 1) {
    const { damaged, backups } = await look();
    expect(damaged).toEqual([expect.objectContaining({ path: `postgres/daily/${ids[0] ?? ''}.metadata.json` })]);
    expect(backups).toHaveLength(2);
  }
  await writeFile(manifest, good);
  expect(await look()).toMatchObject({ damaged: [], backups: await summaries(repository) });
  expect((await look()).reads).toEqual([]);
});

test('with other keys nothing is known, and a look that failed makes the next begin anew', async () => {
  await using directory = await scratch();
  const { ids } = await threeBackups(directory.path);
  const [store, knownHere] = [new WatchedStore(directory.path), new KnownHere()];
  const own = await repositoryIn(directory.path, { store, knownHere });
  expect((await listed(own, store)).backups).toHaveLength(3);
  await using elsewhere = await scratch();
  const keyring = await Keyring.open(elsewhere.path, () => Promise.resolve(undefined));
  const stranger = await repositoryIn(directory.path, { store, knownHere, keyring });
  const closed = await listed(stranger, store);
  expect(closed.backups).toEqual([]);
  expect(closed.damaged.filter(({ path: file }) => file.endsWith('.metadata.json'))).toHaveLength(3);
  await rm(path.join(directory.path, '.postgres.known.json'));
  expect((await listed(own, store)).backups.map(({ id }) => id)).toEqual(ids);

  const manifest = path.join(directory.path, `postgres/daily/${ids[0] ?? ''}.metadata.json`);
  await writeFile(manifest, await readFile(manifest));
  store.broken = true;
  expect((await failure(own.listing('postgres', never))).message).toBe('EIO');
  store.broken = false;
  const anew = await listed(own, store);
  const manifests = anew.reads.filter((name) => name.endsWith('.metadata.json'));
  expect([anew.backups.length, manifests.length]).toEqual([3, 3]);
});
