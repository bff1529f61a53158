import { listOf, mapOf, type Reply, type Send, textOf } from '../../clients/redis.ts';
import { escapeBytes } from '../multiset.ts';

type Reader = (send: Send, key: Buffer) => Promise<string>;

/** How the value of each type is read, as text that does not depend on how the server stores it. */
export const READERS: Readonly<Record<string, Reader>> = {
  string: async (send, key) => quoted(await send('GET', key)),
  list: async (send, key) =>
    listOf(await send('LRANGE', key, '0', '-1'))
      .map(quoted)
      .join(' '),
  set: async (send, key) =>
    listOf(await send('SMEMBERS', key))
      .map(quoted)
      .toSorted()
      .join(' '),
  hash: async (send, key) =>
    pairs(await send('HGETALL', key))
      .toSorted()
      .join(' '),
  zset: async (send, key) =>
    pairs(await send('ZRANGE', key, '0', '-1', 'WITHSCORES'))
      .toSorted()
      .join(' '),
  stream: async (send, key) => streamText(await send('XINFO', 'STREAM', key, 'FULL', 'COUNT', '0')),
};

/** Fields of a hash with an expiry of their own, and that, as milliseconds since 1970. Redis 7.4 and newer. */
export async function fieldExpiry(send: Send, key: Buffer): Promise<string> {
  const fields = listOf(await send('HKEYS', key)) as Buffer[];
  if (fields.length === 0) return '';
  const times = listOf(await send('HPEXPIRETIME', key, 'FIELDS', String(fields.length), ...fields));
  const lines = fields.map((field, index) => `${quoted(field)} until ${textOf(times[index])}`);
  return lines
    .filter((line) => !line.endsWith(' until -1'))
    .toSorted()
    .join(' ');
}

function quoted(reply: Reply | undefined): string {
  if (Array.isArray(reply)) return `[${reply.map(quoted).join(' ')}]`;
  return Buffer.isBuffer(reply) ? `"${escapeBytes(reply)}"` : String(reply);
}

function pairs(reply: Reply): string[] {
  const flat = listOf(reply);
  return flat.flatMap((each, index) => (index % 2 === 0 ? [`${quoted(each)}=${quoted(flat[index + 1])}`] : []));
}

/** What changes when a stream is stored anew, or by asking. */
const VOLATILE = new Set(['radix-tree-keys', 'radix-tree-nodes', 'seen-time', 'active-time']);

/** Entries in order, ids and counters; groups and consumers by name, with all that is pending for them. */
function streamText(reply: Reply): string {
  return [...mapOf(reply)]
    .filter(([name]) => !VOLATILE.has(name))
    .map(
      ([name, value]) => `${name}: ${name === 'groups' || name === 'consumers' ? membersText(value) : quoted(value)}`,
    )
    .join('\n');
}

function membersText(reply: Reply): string {
  return listOf(reply).map(streamText).toSorted().join('\n');
}
