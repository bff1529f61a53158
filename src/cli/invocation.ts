import type { CoordinatedRun } from '../coordination/fan-out.ts';
import type { Agent } from '../model/agent.ts';
import type { Progress } from '../model/source.ts';
import type { Service } from '../model/vocabulary.ts';
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

/** Steps are shown to the operator and noted in the log. */
export function coordinatedRun({ host, progress }: Invocation, session: Session, signal = host.signal): CoordinatedRun {
  const { log } = session.coordination;
  const progressOf = (service: Service): Progress => {
    const shown = progress.of(service);
    return {
      step(name) {
        log.info('step', { service, step: name });
        shown.step(name);
      },
      bytes: (done, total) => shown.bytes(done, total),
    };
  };
  return { signal, progressOf };
}

/** The agents of the services that were asked for. */
export function agentsOf(session: Session): Agent[] {
  return session.coordination.agents.filter((agent) => session.services.includes(agent.service));
}
