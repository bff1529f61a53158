import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../../platform/servers/ports.ts';
import { testProcesses } from '../file-backup.ts';
import { ready } from './alertmanager.ts';

export interface PromSample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

export interface PromRule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
  readonly alerts: readonly { readonly labels: Readonly<Record<string, string>>; readonly state: string }[];
}

/** A real Prometheus that scrapes one address every second, and evaluates rules as often. */
export interface RunningPrometheus extends AsyncDisposable {
  /** What a query finds now; fails where it is none. */
  query(expr: string): Promise<readonly PromSample[]>;
  /** Resolves once a query finds something. */
  finds(expr: string): Promise<void>;
  rules(): Promise<readonly PromRule[]>;
}

export async function startPrometheus(target: string, rules: string): Promise<RunningPrometheus> {
  const directory = await mkdtemp(path.join(tmpdir(), 'prometheus-'));
  const file = path.join(directory, 'prometheus.yml');
  const scrape = { job_name: 'physics-backup', static_configs: [{ targets: [new URL(target).host] }] };
  const global = { scrape_interval: '1s', evaluation_interval: '1s' };
  await writeFile(file, JSON.stringify({ global, rule_files: [rules], scrape_configs: [scrape] }));
  const at = `127.0.0.1:${await freePort()}`;
  const args = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${path.join(directory, 'data')}`,
    `--web.listen-address=${at}`,
  ];
  const running = testProcesses.start({ file: 'prometheus', args }, {}, new AbortController().signal);
  const ask = async <T>(route: string): Promise<T> => {
    const answer = (await (await fetch(`http://${at}/api/v1/${route}`)).json()) as { data: T; error?: string };
    if (answer.error !== undefined) throw new Error(`${route}: ${answer.error}`);
    return answer.data;
  };
  const query = async (expr: string): Promise<readonly PromSample[]> =>
    (await ask<{ result: PromSample[] }>(`query?query=${encodeURIComponent(expr)}`)).result;
  await ready(`http://${at}/-/ready`, running);
  return {
    query,
    async finds(expr) {
      while ((await query(expr)).length === 0) await delay(200);
    },
    rules: async () => (await ask<{ groups: { rules: PromRule[] }[] }>('rules')).groups.flatMap((group) => group.rules),
    async [Symbol.asyncDispose]() {
      running.stop();
      await running.ended.catch(() => undefined);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
