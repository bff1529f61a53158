import path from 'node:path';
import type { Run } from '../model/agent.ts';
import type { Context } from '../model/source.ts';
import type { OperationDependencies } from './dependencies.ts';
import { openWorkDirectory } from './work-directory.ts';

/** A source's context with a private directory that is removed when this is disposed of. */
export interface DisposableContext extends AsyncDisposable {
  readonly context: Context;
}

export async function openContext(deps: OperationDependencies, run: Run): Promise<DisposableContext> {
  const { processes, limits, reached, source, stateDirectory } = deps;
  const { signal, progress } = run;
  const work = await openWorkDirectory(path.join(stateDirectory, 'work'), source.service, processes, signal);
  return {
    context: { signal, progress, workDir: work.path, processes, limits, reached },
    [Symbol.asyncDispose]: () => work[Symbol.asyncDispose](),
  };
}
