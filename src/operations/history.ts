import type { History, Run } from '../model/agent.ts';
import type { OperationDependencies } from './dependencies.ts';

/** Every backup of the service that authenticates, and beside them what does not. */
export async function history(deps: OperationDependencies, run: Run): Promise<History> {
  const { backups, damaged, gaps } = await deps.repository.history(deps.source.service, run.signal);
  return {
    backups: backups.map(({ manifest, proof, bytes }) => ({ manifest, proof, storedBytes: bytes })),
    damage: [...damaged.map(({ path, error }) => `${path}: ${error.message}`), ...gaps],
  };
}
