import path from 'node:path';
import { InProcessAgent } from './agents/in-process.ts';
import { systemClock } from './base/clock.ts';
import { BackupError, SeveralErrors } from './base/errors.ts';
import { Processes } from './base/processes.ts';
import type { OpenRequest, Session } from './cli/host.ts';
import type { Settings } from './config/schema.ts';
import { reachedFrom } from './crash-hook.ts';
import { openLog } from './log-file.ts';
import { type Service, SERVICES } from './model/vocabulary.ts';
import { inspectRepository } from './repository-checkup.ts';
import { REQUIRED, SOURCES } from './registry.ts';
import { openRepository } from './repository-opening.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the session needs of the process. */
export interface Surroundings {
  readonly environment: Environment;
  /** Sends a signal to this process, for tests of crashes. */
  readonly kill: (signal: 'SIGKILL' | 'SIGINT') => void;
  /** Shows the operator a line. */
  readonly tell: (line: string) => void;
}

/** Connects the parts as the settings say. */
export async function openSession(request: OpenRequest, settings: Settings, around: Surroundings): Promise<Session> {
  const services = request.services === 'all' ? settings.services.expected : request.services;
  if (request.access === 'live') assertReachable(services, settings);
  const reached = reachedFrom(around.environment, around.kill);
  const clock = systemClock;
  const processes = new Processes(childEnvironment(around.environment));
  const log = openLog(settings.run.logs, request.log, clock.now(), around.tell);
  const repository = await openRepository(settings, { clock, processes, reached, log });
  const shared = {
    repository,
    clock,
    processes,
    reached,
    log,
    limits: { parallelJobs: settings.run.parallelJobs },
    stateDirectory: settings.run.state,
    validate: settings.run.validation,
  };
  const sources = await Promise.all(SERVICES.map((service) => SOURCES[service](settings)));
  return {
    coordination: {
      agents: sources.map((source) => new InProcessAgent({ source, ...shared })),
      clock,
      processes,
      stateDirectory: settings.run.state,
      log,
    },
    services,
    backupDirectory: settings.repository.directory,
    timeLimitSeconds: settings.run.timeout,
    parallelRecovery: settings.recovery.parallel,
    targets: settings.recovery,
    inspectRepository: (signal) => inspectRepository(settings, repository, signal),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** A service that is to be reached and lacks its settings is an error: nothing is ever left out in silence. */
function assertReachable(services: readonly Service[], settings: Settings): void {
  const errors = services.flatMap((service) => {
    const missing = REQUIRED[service]?.(settings);
    if (missing === undefined) return [];
    const hint = `set it, or leave ${service} out of BACKUP_SERVICES`;
    return [new BackupError(`${service}: ${missing} is not set`, { kind: 'usage', hint })];
  });
  if (errors.length > 0) throw new SeveralErrors('', errors);
}

const INHERITED = ['PATH', 'HOME', 'TZ', 'TMPDIR', 'JAVA_HOME'];

/** All that children inherit: no secret is among it. */
function childEnvironment(environment: Environment): Record<string, string> {
  const inherited = INHERITED.flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { PATH: '/usr/local/bin:/usr/bin:/bin', ...Object.fromEntries(inherited), LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' };
}

/** Where sandboxes are registered, so that a later run can sweep them. */
export function sandboxDirectory(settings: Settings): string {
  return path.join(settings.run.state, 'sandboxes');
}
