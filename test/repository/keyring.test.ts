import { chmod, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { BackupError } from '../../src/base/errors.ts';
import { Keyring, KEYRING_FILE } from '../../src/repository/keyring.ts';
import { lookIn } from '../../src/repository/look.ts';
import { LocalStore } from '../../src/stores/local.ts';
import { FaultyStore } from '../support/faulty-store.ts';
import { backUp, failure, never, repositoryIn, scratch } from '../support/repository.ts';

const nothingFound = () => Promise.resolve(undefined);

test('is made on first use, 0600, and is the same from then on', async () => {
  await using directory = await scratch();
  const secrets = path.join(directory.path, 'secrets');
  const first = await Keyring.open(secrets, nothingFound);
  const second = await Keyring.open(secrets, nothingFound);
  expect(second.currentId).toBe(first.currentId);
  expect((await stat(path.join(secrets, KEYRING_FILE))).mode & 0o777).toBe(0o600);
  expect((await stat(secrets)).mode & 0o777).toBe(0o700);
  expect(await readdir(secrets)).toEqual([KEYRING_FILE]);
});

test('of many that start at once, all end with the same', async () => {
  await using directory = await scratch();
  const opened = await Promise.all(Array.from({ length: 20 }, () => Keyring.open(directory.path, nothingFound)));
  expect(new Set(opened.map((each) => each.currentId)).size).toBe(1);
  expect(await readdir(directory.path)).toEqual([KEYRING_FILE]);
});

test('is not made where there are backups: an unmounted volume must not make a second key', async () => {
  await using directory = await scratch();
  await backUp(await repositoryIn(directory.path), Buffer.from('x'));
  const secrets = path.join(directory.path, 'secrets');
  await rm(secrets, { recursive: true });
  const error = await failure(Keyring.open(secrets, lookIn([new LocalStore(directory.path)], never)));
  expect(error.kind).toBe('keys');
  expect(error.hint).toContain('keys import');
  expect(await readdir(directory.path)).not.toContain('secrets');
});

test('is not made when a store cannot be looked at', async () => {
  await using directory = await scratch();
  const unreachable = new FaultyStore(new LocalStore(directory.path), 1, 'before');
  const secrets = path.join(directory.path, 'secrets');
  expect((await failure(Keyring.open(secrets, lookIn([unreachable], never)))).kind).toBe('unreachable');
  expect(await readdir(directory.path)).toEqual([]);
});

test('is not made where a link points to nowhere', async () => {
  await using directory = await scratch();
  await symlink(path.join(directory.path, 'unmounted', KEYRING_FILE), path.join(directory.path, KEYRING_FILE));
  const error = await failure(Keyring.open(directory.path, nothingFound));
  expect({ kind: error.kind, message: error.message }).toEqual({
    kind: 'keys',
    message: expect.stringContaining('is a link to nowhere') as string,
  });
  expect(await readdir(directory.path)).toEqual([KEYRING_FILE]);
});

test('another keyring opens nothing, and says so', async () => {
  await using directory = await scratch();
  const { manifest } = await backUp(await repositoryIn(directory.path), Buffer.from('x'));
  const keyring = await Keyring.open(path.join(directory.path, 'others'), nothingFound);
  const stranger = await repositoryIn(directory.path, { keyring });
  expect((await failure(stranger.find(manifest.id, never))).kind).toBe('keys');
  const { damaged } = await stranger.history('postgres', never);
  expect(damaged.map((each) => each.error.kind)).toContain('keys');
});

test('a keyring of several keys seals with the current one and opens with each', async () => {
  await using directory = await scratch();
  const texts = [];
  for (const name of ['old', 'new']) {
    await Keyring.open(path.join(directory.path, name), nothingFound);
    texts.push(JSON.parse(await readFile(path.join(directory.path, name, KEYRING_FILE), 'utf8')) as Content);
  }
  const [old, fresh] = texts as [Content, Content];
  const sealedBefore = Keyring.parse(JSON.stringify(old), 'old').wrap('id', Buffer.alloc(32, 7));
  const both = Keyring.parse(JSON.stringify({ ...fresh, keys: [...old.keys, ...fresh.keys] }), 'both');
  expect(both.unwrap('id', sealedBefore, 'x').equals(Buffer.alloc(32, 7))).toBe(true);
  expect(both.wrap('id', Buffer.alloc(32, 7)).keyId).toBe(fresh.current);
  expect(() => both.unwrap('another id', sealedBefore, 'x')).toThrow(/damaged/);
});

interface Content {
  readonly current: string;
  readonly keys: readonly { readonly id: string; readonly key: string }[];
}

test.each([
  ['no JSON', () => 'key: 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff'],
  ['no key', (text: string) => text.replace(/"key": ".*"/, '"key": ""')],
  ['another format', (text: string) => text.replace('"format": 1', '"format": 2')],
  ['a key that is not its id', (text: string) => text.replace(/"key": "..../, '"key": "0000')],
  ['a current key that is not there', (text: string) => text.replace(/"current": "..../, '"current": "0000')],
])('a damaged one (%s) is refused without a word of what is in it', async (_what, change) => {
  await using directory = await scratch();
  await Keyring.open(directory.path, nothingFound);
  const file = path.join(directory.path, KEYRING_FILE);
  const text = change(await readFile(file, 'utf8'));
  await writeFile(file, text);
  const error = await failure(Keyring.open(directory.path, nothingFound));
  expect(error.kind).toBe('keys');
  const told = `${error.message} ${error.hint ?? ''} ${error.stack ?? ''} ${String(error.cause)}`;
  expect(told).not.toMatch(/[0-9a-f]{16}/);
  expect(error).toBeInstanceOf(BackupError);
  await chmod(file, 0o600);
});
