import path from 'node:path';
import { InProcessAgent } from '../agents/in-process.ts';
import type { Processes } from '../base/processes.ts';
import type { OpenRequest } from '../cli/host.ts';
import type { Settings } from '../config/schema.ts';
import type { Agent } from '../model/agent.ts';
import type { Source } from '../model/source.ts';
import type { Service } from '../model/vocabulary.ts';
import { sweepSandboxes } from '../sandbox/registry.ts';
import { ValidationHistory } from '../records/validation-history.ts';
import { openRepository, type Purpose, type RepositoryTools } from './repository.ts';
import { SOURCES } from './sources.ts';
import type { Tools } from './surroundings.ts';
import { unreachedSource } from './unreached-source.ts';

type Access = OpenRequest['access'];

const PURPOSE: Readonly<Record<Access, Purpose>> = {
  live: 'write',
  contents: 'read',
  manifests: 'read',
  inspect: 'none',
};

/** Makes agents that work in this process; all of them share one repository. */
export async function agentFactory(
  access: Access,
  settings: Settings,
  tools: Tools,
  signal: AbortSignal,
): Promise<(service: Service) => Promise<Agent>> {
  const shared = {
    ...tools,
    repository: await openRepository(settings, PURPOSE[access], tools, signal),
    limits: { parallelJobs: settings.run.parallelJobs },
    stateDirectory: settings.run.state,
    backupDirectory: settings.repository.directory,
    validations: new ValidationHistory(settings.run.logs),
    validate: settings.run.validation,
  };
  return async (service) =>
    new InProcessAgent({ source: await sourceOf(service, access, settings, tools.processes), ...shared });
}

async function sourceOf(service: Service, access: Access, settings: Settings, processes: Processes): Promise<Source> {
  if (access === 'manifests') return unreachedSource(service);
  return await SOURCES[service](settings, sandboxRegistry(settings), processes);
}

/** Removes the sandboxes of runs that were killed. */
export async function sweepLeftSandboxes(
  settings: Settings,
  { processes, log }: RepositoryTools,
  signal: AbortSignal,
): Promise<void> {
  const swept = await sweepSandboxes(sandboxRegistry(settings), processes, signal);
  for (const directory of swept) log.info('removed the sandbox of a run that was killed', { directory });
}

function sandboxRegistry(settings: Settings): string {
  return path.join(settings.run.state, 'sandboxes');
}
