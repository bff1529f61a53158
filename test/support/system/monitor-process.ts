import type { ChildProcess } from 'node:child_process';
import { vi } from 'vitest';
import { freePort } from '../../../platform/servers/ports.ts';
import type { Situation } from '../../../src/model/situation.ts';
import { type ProgramRun, runProgram } from './program.ts';
import type { Site } from './site.ts';

/** A running `monitor`. */
export interface MonitorProcess extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  readonly ended: Promise<ProgramRun>;
  signal(signal: NodeJS.Signals): void;
  situation(): Promise<{ readonly sight: { readonly state: string }; readonly data: Situation }>;
}

/** A start takes a second, and a minute on a machine with thirty things to do. */
const PATIENCE_MILLISECONDS = 240_000;

/** Starts `monitor` as an operator does and waits until it answers. */
export async function startMonitor(
  site: Site,
  more: Readonly<Record<string, string>> = {},
  under: readonly string[] = [],
): Promise<MonitorProcess> {
  const port = await freePort();
  const environment = { ...site.environment, MONITOR_PORT: String(port), BACKUP_CHECK_INTERVAL: '1', ...more };
  const { promise: started, resolve } = Promise.withResolvers<ChildProcess>();
  const ended = runProgram(['monitor'], { environment, under, started: resolve });
  const child = await started;
  const url = `http://127.0.0.1:${port}`;
  const over = ended.then((run) => {
    throw new Error(`it ended with ${run.code}: ${run.stderr}`);
  });
  const ready = async (): Promise<boolean> => (await fetch(`${url}/readyz`).catch(() => undefined))?.ok === true;
  await Promise.race([vi.waitUntil(ready, { timeout: PATIENCE_MILLISECONDS, interval: 50 }), over]);
  over.catch(() => undefined);
  return {
    url,
    pid: child.pid ?? 0,
    ended,
    signal: (signal) => void child.kill(signal),
    situation: async () => (await (await fetch(`${url}/api/v1/situation`)).json()) as never,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
