import type { Environment } from '../../clients/environment.ts';
import { listOf, mapOf, redisDatabases, redisVersion, type Send, textOf, withRedis } from '../../clients/redis.ts';
import type { Fingerprint } from '../fingerprint.ts';
import { escapeBytes, MultisetHashes, shortHash } from '../multiset.ts';
import { fieldExpiry, READERS } from './values.ts';

/** Keys asked for at a time; their values are in memory together. */
const BATCH = 500;

/**
 * Every key of every database, with type, value and the moment it expires; keys that differ only in digits are
 * hashed together (`db0 "session:#" hash`), so that the result stays small. And the libraries of functions.
 */
export function fingerprintRedis(environment: Environment): Promise<Fingerprint> {
  return withRedis(environment, async (send) => {
    const hashes = new MultisetHashes();
    const readFields = await hasFieldExpiry(send);
    for (let database = 0; database < (await redisDatabases(send)); database++) {
      await send('SELECT', String(database));
      for await (const key of keys(send)) await addKeys(send, `db${database}`, key, readFields, hashes);
    }
    return { ...(await fingerprintFunctions(send)), ...hashes.toFingerprint() };
  });
}

async function hasFieldExpiry(send: Send): Promise<boolean> {
  const [major, minor] = await redisVersion(send);
  return major > 7 || (major === 7 && minor >= 4);
}

/** All keys, in batches. SCAN may give a key twice while the server resizes its table: we give it once. */
async function* keys(send: Send): AsyncGenerator<Buffer[]> {
  const seen = new Set<string>();
  let cursor = '0';
  do {
    const [next, found] = listOf(await send('SCAN', cursor, 'COUNT', String(BATCH)));
    cursor = textOf(next);
    yield (listOf(found) as Buffer[]).filter((key) => seen.size < seen.add(key.toString('latin1')).size);
  } while (cursor !== '0');
}

async function addKeys(
  send: Send,
  database: string,
  batch: readonly Buffer[],
  readFields: boolean,
  hashes: MultisetHashes,
): Promise<void> {
  const lines = await Promise.all(
    batch.map(async (key) => {
      const type = textOf(await send('TYPE', key));
      const reader = READERS[type];
      if (reader === undefined) throw new Error(`Redis: no way to read type ${type} of key "${escapeBytes(key)}"`);
      const expiry = send('PEXPIRETIME', key);
      const fields = readFields && type === 'hash' ? await fieldExpiry(send, key) : '';
      return { key, type, content: `${await reader(send, key)}\n${fields}\nuntil ${textOf(await expiry)}` };
    }),
  );
  for (const { key, type, content } of lines) {
    const name = escapeBytes(key);
    hashes.add(`${database} "${name.replaceAll(/\d+/g, '#')}" ${type}`, `${name}\n${content}`);
  }
}

async function fingerprintFunctions(send: Send): Promise<Fingerprint> {
  const libraries = listOf(await send('FUNCTION', 'LIST', 'WITHCODE')).map((each) => mapOf(each));
  return Object.fromEntries(
    libraries.map((library) => [
      `function library ${textOf(library.get('library_name'))}`,
      `${textOf(library.get('engine'))} ${shortHash(textOf(library.get('library_code')))}`,
    ]),
  );
}
