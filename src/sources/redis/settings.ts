import type { RedisAddress } from '../../sandbox/redis-connection.ts';

/** How to reach the Redis server that is backed up, and how it reaches our sandbox. */
export interface RedisSettings {
  readonly host: string;
  readonly port: number;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** The name or address under which the live server can connect to this process's machine; 127.0.0.1 on the same one. */
  readonly sandboxHost?: string | undefined;
}

export function liveAddress({ host, port, username, password }: RedisSettings): RedisAddress {
  return { at: { host, port }, username, password };
}

/** What survives a restart of the server: its run id and replication id do not. */
export function serverIdentity({ host, port }: RedisSettings): string {
  return `redis ${host}:${port}`;
}
