import { asError, BackupError } from '../base/errors.ts';
import type { Agent, Run } from '../model/agent.ts';
import type { Progress } from '../model/source.ts';
import type { Service } from '../model/vocabulary.ts';

/** Where each service's progress goes. */
export type ProgressOf = (service: Service) => Progress;

/** How one of several services ended; every one is run, whatever the others do. */
export type ServiceResult<T> =
  | { readonly service: Service; readonly value: T; readonly error?: undefined }
  | { readonly service: Service; readonly error: Error; readonly value?: undefined };

/** What coordination works with. */
export interface CoordinatedRun {
  readonly signal: AbortSignal;
  readonly progressOf: ProgressOf;
}

export function runOf(run: CoordinatedRun, service: Service): Run {
  return { signal: run.signal, progress: run.progressOf(service) };
}

/** Does the work for every agent at once, or one after the other, and reports each. */
export async function forEachAgent<T>(
  agents: readonly Agent[],
  work: (agent: Agent) => Promise<T>,
  order: 'parallel' | 'sequential' = 'parallel',
): Promise<ServiceResult<T>[]> {
  const results: ServiceResult<T>[] = [];
  const one = async (agent: Agent): Promise<void> => {
    results.push(await settled(agent, work));
  };
  if (order === 'parallel') await Promise.all(agents.map(one));
  else for (const agent of agents) await one(agent);
  return agents.flatMap((agent) => results.find((each) => each.service === agent.service) ?? []);
}

async function settled<T>(agent: Agent, work: (agent: Agent) => Promise<T>): Promise<ServiceResult<T>> {
  try {
    return { service: agent.service, value: await work(agent) };
  } catch (error) {
    return { service: agent.service, error: errorOf(agent.service, asError(error)) };
  }
}

/** Does the work for one agent; what it throws says whose error it is. */
export async function withAgent<T>(agent: Agent, work: (agent: Agent) => Promise<T>): Promise<T> {
  const result = await settled(agent, work);
  if (result.error !== undefined) throw result.error;
  return result.value;
}

/** A service's error says whose it is; one that is everybody's (an interrupt, the time limit) stays as it is. */
function errorOf(service: Service, error: Error): Error {
  if (!(error instanceof BackupError) || error.kind === 'cancelled' || error.kind === 'timeout') return error;
  if (error.message.startsWith(`${service}:`) || error.message.startsWith(`${service}_`)) return error;
  const { kind, hint, retrySafe } = error;
  const details = { kind, retrySafe, cause: error, ...(hint === undefined ? {} : { hint }) };
  return new BackupError(`${service}: ${error.message}`, details);
}

export function errorsOf(results: readonly ServiceResult<unknown>[]): Error[] {
  return results.flatMap((each) => each.error ?? []);
}

export function valuesOf<T>(results: readonly ServiceResult<T>[]): T[] {
  return results.flatMap((each) => (each.error === undefined ? [each.value] : []));
}
