import type { CoordinatedRun } from '../coordination/fan-out.ts';
import type { Agent } from '../model/agent.ts';
import type { Host, OpenRequest, Session } from './host.ts';
import type { Outcome } from './outcome.ts';
import type { ProgressView } from './progress.ts';

/** One run of one command. */
export interface Invocation {
  readonly host: Host;
  readonly progress: ProgressView;
  /** Reads the configuration and connects the parts; every error of the configuration at once. */
  open(request: OpenRequest): Promise<Session>;
}

/** Runs a command's work with all that surrounds it: progress, errors, rendering. */
export type Act = (work: (invocation: Invocation) => Promise<Outcome>) => Promise<void>;

export function coordinatedRun({ host, progress }: Invocation, signal = host.signal): CoordinatedRun {
  return { signal, progressOf: (service) => progress.of(service) };
}

/** The agents of the services that were asked for. */
export function agentsOf(session: Session): Agent[] {
  return session.coordination.agents.filter((agent) => session.services.includes(agent.service));
}
