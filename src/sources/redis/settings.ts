import path from 'node:path';
import type { RedisAddress } from '../../sandbox/redis-connection.ts';

/** How to reach the Redis server that is backed up, and how it reaches our sandbox. */
export interface RedisSettings {
  readonly host: string;
  readonly port: number;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** The name or address under which the live server can connect to this process's machine; found out unless given. */
  readonly sandboxHost?: string | undefined;
  /** Directory where sandboxes are registered, so that a later run can sweep them; the run's own unless given. */
  readonly sandboxes?: string | undefined;
}

export function sandboxRegistry({ sandboxes }: RedisSettings, { workDir }: { readonly workDir: string }): string {
  return sandboxes ?? path.join(workDir, 'sandboxes');
}

export function liveAddress({ host, port, username, password }: RedisSettings): RedisAddress {
  return { at: { host, port }, username, password };
}

/** What survives a restart of the server: its run id and replication id do not. */
export function serverIdentity({ host, port }: RedisSettings): string {
  return `redis ${host}:${port}`;
}
