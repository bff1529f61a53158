import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../../platform/servers/ports.ts';
import type { RunningProcess } from '../../../src/base/processes.ts';
import { testProcesses } from '../file-backup.ts';

/** An alert as its API shows it. */
export interface ShownAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
}

/** A real Alertmanager, which routes to nobody. */
export interface RunningAlertmanager extends AsyncDisposable {
  readonly url: string;
  /** What fires in it now. */
  alerts(): Promise<readonly ShownAlert[]>;
  /** Resolves once what fires satisfies this. */
  shows(satisfies: (alerts: readonly ShownAlert[]) => boolean): Promise<readonly ShownAlert[]>;
}

const CONFIGURATION = 'route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n';

export async function startAlertmanager(configuration = CONFIGURATION, port?: number): Promise<RunningAlertmanager> {
  const directory = await mkdtemp(path.join(tmpdir(), 'alertmanager-'));
  const file = path.join(directory, 'alertmanager.yml');
  await writeFile(file, configuration);
  const at = `127.0.0.1:${port ?? (await freePort())}`;
  const over = new AbortController();
  const args = [
    `--config.file=${file}`,
    `--storage.path=${path.join(directory, 'data')}`,
    `--web.listen-address=${at}`,
    '--cluster.listen-address=',
  ];
  const running = testProcesses.start({ file: 'prometheus-alertmanager', args }, {}, over.signal);
  const url = `http://${at}`;
  const alerts = async (): Promise<readonly ShownAlert[]> =>
    (await (await fetch(`${url}/api/v2/alerts`)).json()) as ShownAlert[];
  await ready(`${url}/-/ready`, running);
  return {
    url,
    alerts,
    async shows(satisfies) {
      for (;;) {
        const found = await alerts();
        if (satisfies(found)) return found;
        await delay(100);
      }
    },
    async [Symbol.asyncDispose]() {
      running.stop();
      await running.ended.catch(() => undefined);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Resolves once a server answers this address with 200; fails when it ends before. */
export async function ready(address: string, { ended }: RunningProcess): Promise<void> {
  let over: unknown;
  ended.catch((error: unknown) => (over = error));
  for (;;) {
    const answer = await fetch(address).catch(() => undefined);
    if (answer?.ok === true) return;
    if (over !== undefined) throw over;
    await delay(100);
  }
}
