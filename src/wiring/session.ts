import { DeferredAgent } from '../agents/deferred.ts';
import { SeveralErrors } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { OpenRequest, Session } from '../cli/host.ts';
import type { Configuration } from '../config/load.ts';
import type { RetentionSetting } from '../config/schedules.ts';
import type { Settings } from '../config/schema.ts';
import type { Agent } from '../model/agent.ts';
import { type Service, SERVICES } from '../model/vocabulary.ts';
import { agentFactory, sweepLeftSandboxes } from './agents.ts';
import { listing } from '../operations/history.ts';
import { inspectRepository } from './checkup.ts';
import { openRepository } from './repository.ts';
import type { Repository } from '../repository/repository.ts';
import { unsetServices } from './sources.ts';
import { type Surroundings, type Tools, toolsIn } from './surroundings.ts';

/** Connects the parts as the settings say. Nothing is ever left out in silence: a service without settings is an error. */
export async function openSession(
  request: OpenRequest,
  configuration: Pick<Configuration, 'settings' | 'retentions'>,
  around: Surroundings,
  log: Log,
): Promise<Session> {
  const settings = configuration.settings();
  const { signal } = around;
  const services = servicesOf(request, settings);
  const unset = unsetServices(services.filter(isLocal(settings)), settings);
  if (request.access === 'live' && unset.length > 0)
    throw new SeveralErrors(
      '',
      unset.map((each) => each.error),
    );
  const tools = toolsIn(around, log);
  const coordination = await coordinationOf(request, settings, tools, signal);
  if (request.access === 'live') await sweepLeftSandboxes(settings, tools, signal);
  let read: ReturnType<typeof openRepository> | undefined;
  const repository = (): Promise<Repository> => (read ??= openRepository(settings, 'read', tools, signal));
  return {
    coordination,
    services,
    trigger: tools.trigger,
    unset,
    backupDirectory: settings.repository.directory,
    timeLimitSeconds: settings.run.timeout,
    parallelRecovery: settings.recovery.parallel,
    targets: settings.recovery,
    retention: retentionIn(settings, configuration.retentions()),
    repository,
    listing: async (service) => await listing(service, await repository(), signal),
    inspectRepository: () =>
      inspectRepository(settings, () => openRepository(settings, 'read', tools, signal), tools.processes, signal),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function servicesOf({ services }: OpenRequest, settings: Settings): readonly Service[] {
  const { expected } = settings.services;
  if (services === 'all') return expected;
  if (services !== 'kept') return services;
  const isHere = isLocal(settings);
  return SERVICES.filter((service) => expected.includes(service) || isHere(service));
}

function retentionIn({ retention, services }: Settings, own: readonly RetentionSetting[]): Session['retention'] {
  const { enabled, days, keepAtLeast } = retention;
  return { enabled, rules: { platform: services.expected, own, otherwise: days, keepAtLeast } };
}

async function coordinationOf(
  { access }: OpenRequest,
  settings: Settings,
  tools: Tools,
  signal: AbortSignal,
): Promise<Session['coordination']> {
  const { clock, processes, log } = tools;
  const localAgent = await agentFactory(access, settings, tools, signal);
  // What lies in the shared directories is read here: `list` needs no agent to be up.
  const isHere = access === 'manifests' ? () => true : isLocal(settings);
  const agents = SERVICES.map(
    (service) =>
      new DeferredAgent(service, () => (isHere(service) ? localAgent(service) : remoteAgent(service, settings, log))),
  );
  return { agents, clock, processes, stateDirectory: settings.run.state, log };
}

async function remoteAgent(service: Service, { services }: Settings, log: Log): Promise<Agent> {
  const [{ RemoteAgent }, { socketOf }] = await Promise.all([
    import('../agents/remote.ts'),
    import('../agents/protocol.ts'),
  ]);
  return new RemoteAgent({ service, socket: socketOf(service, services.sockets) }, log);
}

/** Whether a service's tools and data are where this process runs. */
function isLocal({ services }: Settings): (service: Service) => boolean {
  return (service) => services.agents.includes(service);
}
