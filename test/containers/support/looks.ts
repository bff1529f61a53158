import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'vitest';
import type { Service } from '../../../src/model/vocabulary.ts';
import { type Ended, inspect } from './docker.ts';
import type { Stack } from './stack.ts';
import { until } from './wait.ts';

/** Of `docker inspect`. */
export interface State {
  readonly Pid: number;
  readonly Health?: { readonly Status: string };
}

export function healthy(container: string): Promise<void> {
  return becomes(container, 'healthy');
}

/** Waits until the engine's own look at a container has come to this. */
export function becomes(container: string, status: 'healthy' | 'unhealthy'): Promise<void> {
  return until(`${container} is ${status}`, async () => {
    const { Health } = await inspect<State>(container, '.State');
    return Health?.Status === status;
  });
}

/** Kills a container by its process: an engine's own kill counts as wanted, and no restart follows it. */
export async function killed(container: string): Promise<void> {
  const { Pid } = await inspect<State>(container, '.State');
  process.kill(Pid, 'SIGKILL');
  await until(`${container} was started again`, async () => {
    const now = await inspect<State>(container, '.State');
    return now.Pid !== 0 && now.Pid !== Pid;
  });
}

export function backup(stack: Stack, service: Service, type = 'manual'): Promise<Ended> {
  return stack.exec(service, '/scripts/scheduler.sh', 'backup', service, type);
}

/** What a backup that failed may not leave: a manifest, a draft, a work directory, a sandbox. */
export async function traces(stack: Stack): Promise<string[]> {
  const backups = await readdir(path.join(stack.directory, 'backups'), { recursive: true });
  const works = await Promise.all(
    ['work', 'sandboxes'].map((each) => readdir(path.join(stack.directory, 'state', each)).catch(() => [])),
  );
  return [...backups.filter((name) => /\.metadata\.json$|\.partial|\.tmp/.test(name)), ...works.flat()].toSorted();
}

export async function nothingNew<T>(stack: Stack, work: () => Promise<T>): Promise<T> {
  const before = await traces(stack);
  const result = await work();
  expect(await traces(stack)).toEqual(before);
  return result;
}
