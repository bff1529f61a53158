import { type Endpoint, hostOf, send } from './post.ts';

/** A dead man's switch: whoever waits for this beat says so when it stays away. */
export interface LifeSign {
  readonly name: string;
  readonly where: string;
  beat(signal: AbortSignal): Promise<void>;
}

/** GETs an address, as the services that wait for it ask (Healthchecks, Uptime Kuma, Dead Man's Snitch). */
export function heartbeat(url: string, authorities: readonly string[]): LifeSign {
  const endpoint: Endpoint = { name: 'heartbeat', url, variable: 'HEARTBEAT_URL', authorities };
  return {
    name: 'heartbeat',
    where: hostOf(endpoint),
    beat: (signal) => send(endpoint, { method: 'GET' }, signal),
  };
}
