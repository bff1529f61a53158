import path from 'node:path';
import { InProcessAgent } from '../agents/in-process.ts';
import { systemClock } from '../base/clock.ts';
import { SeveralErrors } from '../base/errors.ts';
import { Processes } from '../base/processes.ts';
import type { Log } from '../base/log.ts';
import type { OpenRequest, Session } from '../cli/host.ts';
import type { Settings } from '../config/schema.ts';
import { SERVICES } from '../model/vocabulary.ts';
import { sweepSandboxes } from '../sandbox/registry.ts';
import { inspectRepository } from './checkup.ts';
import { reachedFrom } from './crash-hook.ts';
import { operatorLog } from './operator-log.ts';
import { openRepository, type Purpose, type RepositoryTools } from './repository.ts';
import { SOURCES, unsetServices } from './sources.ts';
import { unreachedSource } from './unreached-source.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the session needs of the process. */
export interface Surroundings {
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** Sends a signal to this process, for tests of crashes. */
  readonly kill: (signal: 'SIGKILL' | 'SIGINT') => void;
  /** Shows the operator a line. */
  readonly tell: (line: string) => void;
}

const PURPOSE: Readonly<Record<OpenRequest['access'], Purpose>> = {
  live: 'write',
  contents: 'read',
  manifests: 'read',
  inspect: 'none',
};

/** Connects the parts as the settings say. Nothing is ever left out in silence: a service without settings is an error. */
export async function openSession(request: OpenRequest, settings: Settings, around: Surroundings): Promise<Session> {
  const { signal } = around;
  const services = request.services === 'all' ? settings.services.expected : request.services;
  const unset = unsetServices(services, settings);
  if (request.access === 'live' && unset.length > 0)
    throw new SeveralErrors(
      '',
      unset.map((each) => each.error),
    );
  const tools = await openTools(request, settings, around);
  const { log, processes } = tools;
  const coordination = await coordinationOf(request, settings, tools, signal);
  if (request.access === 'live') {
    const swept = await sweepSandboxes(sandboxRegistry(settings), processes, signal);
    for (const directory of swept) log.info('removed the sandbox of a run that was killed', { directory });
  }
  return {
    coordination,
    services,
    unset,
    backupDirectory: settings.repository.directory,
    timeLimitSeconds: settings.run.timeout,
    parallelRecovery: settings.recovery.parallel,
    targets: settings.recovery,
    inspectRepository: () =>
      inspectRepository(settings, () => openRepository(settings, 'read', tools, signal), processes, signal),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function openTools(
  request: OpenRequest,
  settings: Settings,
  { environment, kill, tell }: Surroundings,
): Promise<RepositoryTools> {
  return {
    clock: systemClock,
    reached: reachedFrom(environment, kill),
    processes: new Processes(childEnvironment(environment)),
    log: await logOf(request, settings, tell),
  };
}

/** The library that writes files is loaded only where one is written. */
async function logOf({ log }: OpenRequest, settings: Settings, tell: (line: string) => void): Promise<Log> {
  if (log === 'none') return operatorLog(tell);
  const { openLog } = await import('./log-file.ts');
  return openLog(settings.run.logs, log, systemClock.now(), tell);
}

async function coordinationOf(
  request: OpenRequest,
  settings: Settings,
  tools: RepositoryTools,
  signal: AbortSignal,
): Promise<Session['coordination']> {
  const { clock, processes, log } = tools;
  const stateDirectory = settings.run.state;
  const shared = {
    ...tools,
    repository: await openRepository(settings, PURPOSE[request.access], tools, signal),
    limits: { parallelJobs: settings.run.parallelJobs },
    stateDirectory,
    validate: settings.run.validation,
  };
  const sources =
    request.access === 'manifests'
      ? SERVICES.map((service) => unreachedSource(service))
      : await Promise.all(SERVICES.map((service) => SOURCES[service](settings, sandboxRegistry(settings))));
  const agents = sources.map((source) => new InProcessAgent({ source, ...shared }));
  return { agents, clock, processes, stateDirectory, log };
}

function sandboxRegistry(settings: Settings): string {
  return path.join(settings.run.state, 'sandboxes');
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
