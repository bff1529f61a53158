import { createClient, RESP_TYPES } from '@redis/client';
import { type Environment, optional, required } from './environment.ts';

/** A reply with every string as bytes. */
export type Reply = Buffer | number | null | Reply[];

/** Sends one command; calls that are not awaited between travel together. */
export type Send = (...args: readonly (string | Buffer)[]) => Promise<Reply>;

/** Connects with RESP 2, hands `send` to `work`, and closes the connection. */
export async function withRedis<Result>(
  environment: Environment,
  work: (send: Send) => Promise<Result>,
): Promise<Result> {
  const client = createClient({
    socket: {
      host: optional(environment, 'REDIS_HOST', '127.0.0.1'),
      port: Number(optional(environment, 'REDIS_PORT', '6379')),
      reconnectStrategy: false,
    },
    password: required(environment, 'REDIS_PASSWORD'),
    RESP: 2,
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.SIMPLE_STRING]: Buffer } },
  });
  client.on('error', () => undefined); // the command that failed rejects
  await client.connect();
  try {
    return await work((...args) => client.sendCommand<never>([...args]));
  } finally {
    client.destroy();
  }
}

/** The text of a reply that is a string or a number. */
export function textOf(reply: Reply | undefined): string {
  if (Buffer.isBuffer(reply)) return reply.toString();
  if (typeof reply === 'number') return String(reply);
  throw new TypeError(`expected a string from Redis, got ${JSON.stringify(reply)}`);
}

/** The elements of a reply that is an array. */
export function listOf(reply: Reply | undefined): Reply[] {
  if (Array.isArray(reply)) return reply;
  throw new TypeError(`expected an array from Redis, got ${JSON.stringify(reply)}`);
}

/** An array of alternating names and values, as a map. */
export function mapOf(reply: Reply | undefined): Map<string, Reply> {
  const flat = listOf(reply);
  const names = flat.filter((_, index) => index % 2 === 0);
  return new Map(names.map((name, index) => [textOf(name), flat[index * 2 + 1] ?? null]));
}

/** The server's version, e.g. [7, 4, 1]. */
export async function redisVersion(send: Send): Promise<[number, number]> {
  const found = /redis_version:(\d+)\.(\d+)/.exec(textOf(await send('INFO', 'server')));
  return [Number(found?.[1]), Number(found?.[2])];
}

/** How many databases the server has. */
export async function redisDatabases(send: Send): Promise<number> {
  return Number(textOf(mapOf(await send('CONFIG', 'GET', 'databases')).get('databases')));
}
