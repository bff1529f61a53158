import { type Clock, systemClock } from '../../../src/base/clock.ts';
import { monitorApp } from '../../../src/daemons/monitor/app.ts';
import { Looks, type LooksDeps } from '../../../src/daemons/monitor/looks.ts';
import { MonitorServer } from '../../../src/daemons/monitor/server.ts';
import type { Situation } from '../../../src/model/situation.ts';
import { SERVICES } from '../../../src/model/vocabulary.ts';
import { healthySituation } from '../../support/situations.ts';

export interface Said {
  readonly lines: string[];
  readonly notes: { readonly message: string; readonly error: Error }[];
}

/** Looks at what `look` gives, over and over unless told otherwise. */
export function looksAt(look: LooksDeps['look'], more: Partial<LooksDeps> = {}): { looks: Looks; said: Said } {
  const said: Said = { lines: [], notes: [] };
  const looks = new Looks({
    look,
    observers: [],
    expected: { services: SERVICES, rpoSeconds: 4 * 3600, rtoSeconds: 3600 },
    intervalSeconds: 0.01,
    limitSeconds: 60,
    retrySeconds: 0.01,
    clock: systemClock,
    say: (line) => void said.lines.push(line),
    note: (message, error) => void said.notes.push({ message, error }),
    ...more,
  });
  return { looks, said };
}

export interface RunningMonitor extends AsyncDisposable {
  readonly url: string;
  readonly looks: Looks;
  readonly said: Said;
  /** What the next look finds: a situation, or an error. */
  show(found: Situation | Error): Promise<void>;
  get(path: string, init?: RequestInit): Promise<Response>;
}

export interface RigOptions {
  readonly token?: string;
  readonly look?: LooksDeps['look'];
  readonly clock?: Clock;
}

/** A monitor on a free port of this machine that sees what it is shown. */
export async function runMonitor(
  found: Situation | Error = healthySituation(),
  { token, look, clock = systemClock }: RigOptions = {},
): Promise<RunningMonitor> {
  let shown = found;
  const seen = (): Promise<Situation> => (shown instanceof Error ? Promise.reject(shown) : Promise.resolve(shown));
  const { looks, said } = looksAt(look ?? seen);
  const note = (message: string, error: Error): void => void said.notes.push({ message, error });
  const app = monitorApp({ looks, version: '1.2.3', token, clock, note });
  const address = { host: '127.0.0.1', port: 0 };
  const server = await MonitorServer.open(address, app);
  const over = new AbortController();
  const running = looks.run(over.signal);
  const looked = (): number => looks.totals.success + looks.totals.failure;
  const another = async (): Promise<void> => {
    const wanted = looked() + 2; // one may have been under way
    while (looked() < wanted) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  if (look === undefined) await another();
  return {
    url: server.url,
    looks,
    said,
    async show(next) {
      shown = next;
      await another();
    },
    get: (path, init) => fetch(`${server.url}${path}`, init),
    async [Symbol.asyncDispose]() {
      over.abort();
      await running;
      await server[Symbol.asyncDispose]();
    },
  };
}
