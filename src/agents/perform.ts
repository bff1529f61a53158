import type { Log } from '../base/log.ts';
import type { Agent, Run } from '../model/agent.ts';
import type { Service } from '../model/vocabulary.ts';
import { checkedArguments } from './arguments.ts';
import type { Exchange } from './exchange.ts';
import type { HeldRecoveries } from './held-recoveries.ts';
import type { VerbName, Verbs } from './protocol.ts';

/** What an agent is opened for: only looking, reading backups, or all that it can do. */
export type AgentAccess = 'inspect' | 'contents' | 'live';

/** The agent of one call, or of one recovery as long as it is held; what it notes goes to `log`. */
export type OpenAgent = (access: AgentAccess, log: Log, service: Service) => Promise<Agent>;

/** What the verbs are done with. */
export interface Performing {
  readonly service: Service;
  readonly version: string;
  readonly log: Log;
  readonly openAgent: OpenAgent;
  readonly held: HeldRecoveries;
}

type Doings = {
  readonly [V in VerbName]: (
    given: Verbs[V]['arguments'],
    call: Exchange,
    by: Performing,
  ) => Promise<Verbs[V]['result']>;
};

const DOINGS: Doings = {
  ping: (_given, _call, { service, version }) => Promise.resolve({ service, version, pid: process.pid }),
  inspect: async (_given, call, by) => await (await agentOf('inspect', call, by)).inspect(runOf(call)),
  backup: async (given, call, by) => {
    const momentFixed = (at: string): void => call.tell({ event: 'moment', at });
    return await (await agentOf('live', call, by)).backup({ ...given, momentFixed }, runOf(call));
  },
  history: async (_given, call, by) => {
    const { backups, damage } = await (await agentOf('contents', call, by)).history(runOf(call));
    for (const value of backups) call.tell({ event: 'item', value });
    return { damage };
  },
  validate: async ({ backup, levels }, call, by) =>
    await (await agentOf('contents', call, by)).validate(backup, levels, runOf(call)),
  hold: async ({ recovery }, call, { held, openAgent, log, service }) => {
    await held.hold(
      recovery,
      (to) => openAgent('live', to, service),
      log,
      call.released,
      () => call.tell({ event: 'held' }),
    );
    return null;
  },
  stage: ({ recovery, backup }, call, by) =>
    inHold(recovery, call, by, (agent, run) => agent.stage(recovery, backup, run)),
  swap: ({ recovery }, call, by) =>
    inHold(
      recovery,
      call,
      by,
      done((agent, run) => agent.swap(recovery, run)),
    ),
  rollback: ({ recovery }, call, by) =>
    inHold(
      recovery,
      call,
      by,
      done((agent, run) => agent.rollback(recovery, run)),
    ),
  finish: ({ recovery }, call, by) =>
    inHold(
      recovery,
      call,
      by,
      done((agent, run) => agent.finish(recovery, run)),
    ),
};

/** Does what the caller asks for. */
export async function perform<V extends VerbName>(
  verb: V,
  given: unknown,
  call: Exchange,
  by: Performing,
): Promise<Verbs[V]['result']> {
  return await DOINGS[verb](checkedArguments(verb, given), call, by);
}

function agentOf(access: AgentAccess, call: Exchange, { openAgent, log, service }: Performing): Promise<Agent> {
  return openAgent(access, call.log(log), service);
}

function runOf({ signal, progress }: Exchange): Run {
  return { signal, progress };
}

function inHold<T>(
  recovery: string,
  call: Exchange,
  { held, log }: Performing,
  work: (agent: Agent, run: Run) => Promise<T>,
): Promise<T> {
  return held.do(recovery, call.log(log), (agent) => work(agent, runOf(call)));
}

function done(work: (agent: Agent, run: Run) => Promise<void>): (agent: Agent, run: Run) => Promise<null> {
  return async (agent, run) => {
    await work(agent, run);
    return null;
  };
}
