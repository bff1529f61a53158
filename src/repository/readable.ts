import { BackupError } from '../base/errors.ts';
import type { Command, Processes } from '../base/processes.ts';
import { type Artifact, type ArtifactKind, artifactKindName } from '../model/backup.ts';
import type { Progress, ReadableBackup } from '../model/source.ts';
import type { Store } from '../model/store.ts';
import type { BackupId } from '../model/vocabulary.ts';
import { sealKeys } from '../pipeline/keys.ts';
import { releasedChunks, releaseToFile, releaseToProcess } from '../pipeline/release.ts';
import type { SealedArtifact } from '../pipeline/unsealing.ts';
import { prefixOf, TAGS_SUFFIX } from './names.ts';
import type { StoredBackup } from './stored-backup.ts';

/** How a stored artifact is authenticated and opened. */
export function sealedArtifact(
  id: BackupId,
  artifact: Artifact,
  backupKey: Buffer,
  store: Store,
  signal: AbortSignal,
  progress?: Progress,
): SealedArtifact {
  const key = `${prefixOf(id)}${artifact.name}`;
  return {
    artifact,
    keys: sealKeys(backupKey, artifact.name, artifact.nonce),
    body: () => orDamaged(store.get(key, {}, signal), artifact.name),
    tags: () => orDamaged(store.get(`${key}${TAGS_SUFFIX}`, {}, signal), `${artifact.name}${TAGS_SUFFIX}`),
    onBytes: (stored) => progress?.bytes(stored, artifact.storedBytes),
  };
}

/** A file that the manifest names and the store lacks is damage of the backup. */
async function orDamaged<T>(opening: Promise<T>, name: string): Promise<T> {
  try {
    return await opening;
  } catch (cause) {
    if (!(cause instanceof BackupError && cause.kind === 'not-found')) throw cause;
    throw new BackupError(`${name} is missing`, { kind: 'damaged', hint: 'choose another backup', cause });
  }
}

export interface ReadableParts {
  readonly store: Store;
  readonly processes: Processes;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** The backup's key, from its manifest as it is now. */
  readonly backupKey: () => Promise<Buffer>;
}

/** A stored backup whose plaintext can be read. Nothing is opened before the first artifact is asked for. */
export function readableBackup(backup: StoredBackup, parts: ReadableParts): ReadableBackup {
  const { id, service, type, moment, versions, facts, artifacts } = backup.manifest;
  const sealed = async (kind: ArtifactKind): Promise<SealedArtifact> =>
    sealedArtifact(id, artifactOf(backup, kind), await parts.backupKey(), parts.store, parts.signal, parts.progress);
  return {
    id,
    service,
    type,
    moment,
    versions,
    facts,
    artifacts,
    toProcess: async (kind: ArtifactKind, command: Command) =>
      releaseToProcess(await sealed(kind), command, parts.processes, parts.signal),
    toFile: async (kind: ArtifactKind, file: string) =>
      releaseToFile(await sealed(kind), file, parts.processes, parts.signal),
    async *chunks(kind: ArtifactKind) {
      yield* releasedChunks(await sealed(kind), parts.processes, parts.signal);
    },
  };
}

function artifactOf(backup: StoredBackup, kind: ArtifactKind): Artifact {
  const { id, artifacts } = backup.manifest;
  const found = artifacts.find((each) => each.role === kind.role && each.extension === kind.extension);
  if (found !== undefined) return found;
  throw new BackupError(`${id} has no artifact ${artifactKindName(kind)}`, {
    kind: 'damaged',
    hint: 'choose another backup',
  });
}
