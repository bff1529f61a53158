import { nothingHappens } from '../../../src/base/crash-points.ts';
import type { BackupId, BackupType, Instant, Service } from '../../../src/model/vocabulary.ts';
import type { ManifestBody } from '../../../src/repository/draft.ts';
import { Keyring } from '../../../src/repository/keyring.ts';
import { lookIn } from '../../../src/repository/look.ts';
import { Repository } from '../../../src/repository/repository.ts';
import { LocalStore } from '../../../src/stores/local.ts';
import { BODY, chunksOf, DUMP, never, noLog, PLAIN, processes, quiet } from '../repository.ts';
import { outcomeOf } from '../manifests.ts';
import type { Site } from './site.ts';

/** Puts backups of days that are long gone where a site has its own. */
export interface AgedBackups {
  readonly repository: Repository;
  take(service: Service, type: BackupType, at: Instant, changes?: Partial<ManifestBody>): Promise<BackupId>;
}

/** Each is verified: its content level is recorded as passed. */
export async function agedBackups(site: Site): Promise<AgedBackups> {
  let now: Instant = new Date().toISOString();
  const store = new LocalStore(site.backups);
  const keyring = await Keyring.open(site.secrets, lookIn([store], never));
  const repository = new Repository({
    store,
    directory: site.backups,
    stateDirectory: site.state,
    keyring,
    seal: PLAIN,
    clock: { now: () => now },
    processes,
    reached: nothingHappens,
    log: noLog,
  });
  return {
    repository,
    async take(service, type, at, changes = {}) {
      now = at;
      await using lock = await repository.lock(service, never);
      await using draft = await repository.draft(service, type, lock, quiet);
      await draft.fromChunks(DUMP, chunksOf(Buffer.from('some rows')));
      const stored = await draft.commit({ ...BODY, moment: at, ...changes });
      await repository.recordOutcome(stored, outcomeOf('content', true), never);
      return stored.manifest.id;
    },
  };
}
