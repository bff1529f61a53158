import { type ChildProcess } from 'node:child_process';
import path from 'node:path';
import type { Service } from '../../../src/model/vocabulary.ts';
import { type ProgramRun, runProgram } from './program.ts';
import type { Site } from './site.ts';

/** A running `serve`. */
export interface Daemon extends AsyncDisposable {
  readonly pid: number;
  /** What it said so far on standard output. */
  said(): string;
  /** Resolves once it said this. */
  says(text: string): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  readonly ended: Promise<ProgramRun>;
}

type Variables = Readonly<Record<string, string>>;

/** Where the sockets of a site are. */
export function socketsOf(site: Site): string {
  return path.join(site.directory, 'run');
}

/** The environment of a container whose services, and no others, are at hand. */
export function containerOf(site: Site, services: readonly Service[], more: Variables = {}): Variables {
  const AGENT_SERVICES = services.length === 0 ? 'none' : services.join(',');
  return { ...site.environment, AGENT_DIR: socketsOf(site), AGENT_SERVICES, ...more };
}

/** Starts `serve` for services, and waits until it answers. Disposing ends it as `docker stop` does. */
export async function startDaemon(
  site: Site,
  services: readonly Service[],
  more: Variables = {},
  options: readonly string[] = ['--no-schedule'],
): Promise<Daemon> {
  const { promise: started, resolve } = Promise.withResolvers<ChildProcess>();
  const ended = runProgram(['serve', ...options], { environment: containerOf(site, services, more), started: resolve });
  const child = await started;
  let said = '';
  child.stdout?.on('data', (text: string) => (said += text));
  const says = async (text: string): Promise<void> => {
    const { promise, resolve: heard } = Promise.withResolvers<null>();
    const look = (): void => void (said.includes(text) && heard(null));
    child.stdout?.on('data', look);
    look();
    const over = ended.then((run) => {
      if (!run.stdout.includes(text)) throw new Error(`serve ended with ${run.code}: ${run.stdout}${run.stderr}`);
    });
    await Promise.race([promise, over]);
  };
  await says('ready: ');
  return {
    pid: child.pid ?? 0,
    said: () => said,
    says,
    signal: (signal) => void child.kill(signal),
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGCONT'); // a test may have stopped it
      child.kill('SIGTERM');
      await ended;
    },
  };
}
