import { socketOf } from '../../src/agents/protocol.ts';
import { RemoteAgent } from '../../src/agents/remote.ts';
import { BackupError } from '../../src/base/errors.ts';
import { loadConfiguration } from '../../src/config/load.ts';
import type { Agent, Run } from '../../src/model/agent.ts';
import type { Service } from '../../src/model/vocabulary.ts';
import { agentFactory } from '../../src/wiring/agents.ts';
import { operatorLog } from '../../src/wiring/operator-log.ts';
import { toolsIn } from '../../src/wiring/surroundings.ts';
import { type Daemon, socketsOf, startDaemon } from '../support/system/daemon.ts';
import type { Site } from '../support/system/site.ts';

export const never = new AbortController().signal;

/** A run that remembers its steps. */
export interface WatchedRun extends Run {
  readonly steps: string[];
}

/** With `stopAt`, the run is cancelled as it comes to that step. */
export function watchedRun(stopAt?: string): WatchedRun & { readonly reason: BackupError } {
  const controller = new AbortController();
  const reason = new BackupError('the test had enough', { kind: 'timeout', hint: 'none' });
  const steps: string[] = [];
  const step = (name: string): void => {
    steps.push(name);
    if (name === stopAt) controller.abort(reason);
  };
  return { signal: controller.signal, progress: { step, bytes: () => undefined }, steps, reason };
}

/** An agent in this process, with what it notes for the operator. */
export async function inProcessAgent(site: Site, service: Service, told: string[] = []): Promise<Agent> {
  const settings = loadConfiguration(site.environment).settings();
  const around = { environment: site.environment, signal: never, kill: () => undefined };
  const tools = toolsIn(
    around,
    operatorLog((line) => told.push(line)),
  );
  return (await agentFactory('live', settings, tools, never))(service);
}

export function remoteAgent(site: Site, service: Service, told: string[] = [], silence = 60_000): Agent {
  const patience = { aliveMilliseconds: 5000, silenceMilliseconds: silence };
  const log = operatorLog((line) => told.push(line));
  return new RemoteAgent({ service, socket: socketOf(service, socketsOf(site)), patience }, log);
}

export interface AgentScene extends AsyncDisposable {
  readonly agent: Agent;
  /** Another of the same service, as another run would have. */
  readonly other: Agent;
  readonly daemon: Daemon | undefined;
}

export type AgentKind = 'in process' | 'over a socket';

export async function openAgents(kind: AgentKind, site: Site, service: Service): Promise<AgentScene> {
  if (kind === 'in process') {
    const [agent, other] = await Promise.all([inProcessAgent(site, service), inProcessAgent(site, service)]);
    return { agent, other, daemon: undefined, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const daemon = await startDaemon(site, [service]);
  const [agent, other] = [remoteAgent(site, service), remoteAgent(site, service)];
  return { agent, other, daemon, [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() };
}
