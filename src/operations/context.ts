import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Run } from '../model/agent.ts';
import type { Context } from '../model/source.ts';
import type { OperationDependencies } from './dependencies.ts';

/** A source's context with a private directory that is removed when this is disposed of. */
export interface DisposableContext extends AsyncDisposable {
  readonly context: Context;
}

export async function openContext(deps: OperationDependencies, run: Run): Promise<DisposableContext> {
  const parent = path.join(deps.stateDirectory, 'work');
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const workDir = await mkdtemp(path.join(parent, `${deps.source.service}-`));
  const { signal, progress } = run;
  const { processes, limits, reached } = deps;
  return {
    context: { signal, progress, workDir, processes, limits, reached },
    [Symbol.asyncDispose]: () => rm(workDir, { recursive: true, force: true }),
  };
}
