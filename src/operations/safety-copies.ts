import { BackupError } from '../base/errors.ts';
import type { RecoveryJournal } from '../journal/recovery-journal.ts';
import type { SafetyCopies } from '../model/source.ts';
import type { ServiceLock } from '../repository/lock.ts';
import { capture } from './backup.ts';
import type { OperationDependencies } from './dependencies.ts';

/** Safety copies are ordinary sealed backups, verified before they are relied upon and pinned by the journal. */
export function safetyCopies(journal: RecoveryJournal, lock: ServiceLock, deps: OperationDependencies): SafetyCopies {
  const { repository, source } = deps;
  return {
    async capture(context) {
      const request = { type: 'manual', recoveryPoint: null, purpose: 'safety' } as const;
      const { manifest, outcomes } = await capture(request, lock, { ...deps, validate: true }, context);
      const failed = outcomes.flatMap((each) => each.errors);
      if (failed.length > 0) {
        throw new BackupError(`${source.service}: the safety copy ${manifest.id} is not good: ${failed[0]}`, {
          kind: 'failed',
          hint: 'nothing live was changed; run doctor for this service',
        });
      }
      await journal.append({ event: 'safety', service: source.service, backup: manifest.id });
      return repository.open(await repository.find(manifest.id, context.signal), context);
    },
    open: async (id, context) => repository.open(await repository.find(id, context.signal), context),
  };
}
