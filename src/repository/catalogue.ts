import { isVerified } from '../model/backup.ts';
import type { Instant, Service } from '../model/vocabulary.ts';
import type { StoredBackup } from './stored-backup.ts';

/** `/backups/<service>/metadata.json`: for people and for grep. Choices are made from manifests, never from this. */
export function renderCatalogue(service: Service, backups: readonly StoredBackup[], written: Instant): string {
  return `${JSON.stringify({ service, written, backups: backups.map(entryOf) }, null, 2)}\n`;
}

function entryOf({ manifest, proof, bytes, directory }: StoredBackup) {
  return {
    id: manifest.id,
    type: manifest.type,
    sequence: manifest.sequence,
    moment: manifest.moment,
    committed: manifest.committedAt,
    consistency: manifest.consistency,
    suspect: manifest.suspect.length > 0,
    verified: isVerified(proof),
    encrypted: manifest.artifacts.every((each) => each.stages.includes('enc')),
    bytes,
    artifacts: manifest.artifacts.map((each) => ({
      file: `${directory}${each.name}`,
      bytes: each.storedBytes,
      sha256: each.storedSha256,
    })),
  };
}
