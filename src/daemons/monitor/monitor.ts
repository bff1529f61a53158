import { monitorApp } from './app.ts';
import { Looks, type LooksDeps } from './looks.ts';
import { type Address, MonitorServer } from './server.ts';

export interface MonitorDeps extends LooksDeps {
  readonly address: Address;
  readonly version: string;
  readonly token: string | undefined;
}

/** Looks and answers until the signal is aborted, then answers what was asked and ends. */
export async function monitor(deps: MonitorDeps, signal: AbortSignal): Promise<void> {
  const { address, version, token, clock, note, say } = deps;
  const looks = new Looks(deps);
  const app = monitorApp({ looks, version, token, clock, note });
  await using server = await MonitorServer.open(address, app);
  say(`ready: ${server.url}`);
  await looks.run(signal);
}
