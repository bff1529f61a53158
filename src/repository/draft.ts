import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import type { Reached } from '../base/crash-points.ts';
import { BackupError } from '../base/errors.ts';
import type { Command, Processes } from '../base/processes.ts';
import { type Artifact, type ArtifactKind, artifactKindName, type Manifest, type Stage } from '../model/backup.ts';
import type { ArtifactSink, Progress } from '../model/source.ts';
import type { Store } from '../model/store.ts';
import type { BackupId, BackupType, Instant, Service } from '../model/vocabulary.ts';
import { capture, type CaptureInput } from '../pipeline/capture.ts';
import { type SealSettings, stagesOf } from '../pipeline/compression.ts';
import { randomKey, sealKeys } from '../pipeline/keys.ts';
import { releaseToProcess } from '../pipeline/release.ts';
import { integrityErrors } from '../pipeline/unsealing.ts';
import { artifactName, MANIFEST_SUFFIX, manifestKey, prefixOf, PROOF_SUFFIX, TAGS_SUFFIX } from './names.ts';
import { sealedArtifact } from './readable.ts';
import type { StoredBackup } from './stored-backup.ts';

/** All of a manifest that a draft does not know itself. */
export type ManifestBody = Omit<
  Manifest,
  'id' | 'service' | 'type' | 'sequence' | 'previous' | 'artifacts' | 'startedAt' | 'committedAt'
>;

/** What a draft knows when it is committed; the repository adds the place in the chain. */
export type UnchainedManifest = Omit<Manifest, 'sequence' | 'previous' | 'committedAt'>;

export interface DraftContext {
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

export interface DraftParts {
  readonly id: BackupId;
  readonly service: Service;
  readonly type: BackupType;
  readonly startedAt: Instant;
  readonly store: Store;
  readonly seal: SealSettings;
  readonly clock: Clock;
  readonly processes: Processes;
  readonly reached: Reached;
  readonly context: DraftContext;
  readonly warn: (message: string, cause: unknown) => void;
  /** Writes the manifest and what follows from it. */
  readonly commit: (manifest: UnchainedManifest, backupKey: Buffer, signal: AbortSignal) => Promise<StoredBackup>;
}

/** A backup being written. Until it is committed there is none; disposing it uncommitted removes what it wrote. */
export class Draft implements ArtifactSink, AsyncDisposable {
  readonly id: BackupId;
  readonly #parts: DraftParts;
  readonly #backupKey = randomKey();
  readonly #artifacts: Artifact[] = [];
  /** Keys that may exist in the store because of this draft. */
  readonly #written = new Set<string>();
  readonly #running = new Set<Promise<unknown>>();
  readonly #ended = new AbortController();
  #committed = false;
  /** Artifacts whose bytes are still coming. */
  readonly #coming = new Set<string>();

  constructor(parts: DraftParts) {
    this.id = parts.id;
    this.#parts = parts;
  }

  /** {@inheritDoc ArtifactSink.fromProcess} */
  fromProcess(kind: ArtifactKind, command: Command): Promise<Artifact> {
    return this.#store(kind, { command });
  }

  /** {@inheritDoc ArtifactSink.fromChunks} */
  fromChunks(kind: ArtifactKind, chunks: AsyncIterable<Uint8Array>): Promise<Artifact> {
    return this.#store(kind, { chunks });
  }

  /** {@inheritDoc ArtifactSink.toProcess} */
  async toProcess(kind: ArtifactKind, command: Command): Promise<string> {
    const { store, processes, context } = this.#parts;
    const sealed = sealedArtifact(this.id, this.#stored(kind), this.#backupKey, store, context.signal);
    return await releaseToProcess(sealed, command, processes, context.signal);
  }

  /** Reads the stored bytes back and compares tags, hash and size; kind `damaged`. */
  async readBack(signal: AbortSignal): Promise<void> {
    const { store } = this.#parts;
    for (const artifact of this.#artifacts) {
      const errors = await integrityErrors(sealedArtifact(this.id, artifact, this.#backupKey, store, signal));
      if (errors.length > 0)
        throw new BackupError(`what was stored is not what was written: ${errors.join('; ')}`, {
          kind: 'damaged',
          hint: 'check the disk of the backups (dmesg, smartctl)',
        });
    }
  }

  /** The commit. Whatever fails before its manifest is in place leaves no backup. */
  commit(body: ManifestBody): Promise<StoredBackup> {
    const committing = this.#commit(body);
    this.#running.add(committing); // disposing waits for it: `return draft.commit(…)` is how it is called
    return committing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new BackupError('the backup was given up', { kind: 'cancelled' }));
    await Promise.allSettled(this.#running);
    if (this.#committed || (await this.#mayBeCommitted())) return;
    await this.#remove([...this.#written]);
  }

  /** After a commit that failed half-way: what a manifest may name is left, whole. */
  async #mayBeCommitted(): Promise<boolean> {
    try {
      return (await this.#parts.store.stat(manifestKey(this.id), new AbortController().signal)) !== undefined;
    } catch {
      return true;
    }
  }

  async #commit(body: ManifestBody): Promise<StoredBackup> {
    const { id, service, type, startedAt, context, reached } = this.#parts;
    await reached('artifacts.done');
    const artifacts = this.#artifacts.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const manifest = { id, service, type, startedAt, artifacts, ...body };
    const stored = await this.#parts.commit(manifest, this.#backupKey, context.signal);
    this.#committed = true;
    return stored;
  }

  #stored(kind: ArtifactKind): Artifact {
    const found = this.#artifacts.find((each) => each.role === kind.role && each.extension === kind.extension);
    if (found === undefined) throw new Error(`${artifactKindName(kind)} was not stored yet`);
    return found;
  }

  async #store(kind: ArtifactKind, input: CaptureInput): Promise<Artifact> {
    const stages = stagesOf(this.#parts.seal);
    const name = artifactName(this.id, kind, stages);
    const key = `${prefixOf(this.id)}${name}`;
    if (this.#written.has(key) || isReserved(name))
      throw new BackupError(`${name} cannot be an artifact: the name is taken`, { kind: 'failed' });
    const keys = [key, `${key}${TAGS_SUFFIX}`];
    keys.forEach((each) => this.#written.add(each));
    this.#coming.add(key);
    const work = this.#write(kind, name, stages, input);
    this.#running.add(work);
    try {
      const artifact = await work;
      this.#artifacts.push(artifact);
      return artifact;
    } catch (error) {
      await this.#remove(keys);
      keys.forEach((each) => this.#written.delete(each)); // the same kind may be tried again
      throw error;
    } finally {
      this.#running.delete(work);
      this.#coming.delete(key);
    }
  }

  async #write(kind: ArtifactKind, name: string, stages: Stage[], input: CaptureInput): Promise<Artifact> {
    const { store, seal, processes, context, reached } = this.#parts;
    const nonce = randomBytes(16).toString('hex');
    const key = `${prefixOf(this.id)}${name}`;
    const signal = AbortSignal.any([context.signal, this.#ended.signal]);
    await reached('artifact.started');
    const put = (to: string, body: AsyncIterable<Buffer>, during: AbortSignal): Promise<unknown> =>
      store.put(
        to,
        () => Readable.from(body, { objectMode: false, highWaterMark: BUFFER }),
        { ifAbsent: true, handsOver: true },
        during,
      );
    const captured = await capture(
      input,
      {
        artifact: (body, during) => put(key, this.#untilWritten(key, body), during),
        tags: (body, during) => store.put(`${key}${TAGS_SUFFIX}`, () => body, { ifAbsent: true }, during),
      },
      {
        keys: sealKeys(this.#backupKey, name, nonce),
        settings: seal,
        processes,
        onBytes: (stored) => context.progress.bytes(stored),
      },
      signal,
    );
    return { ...kind, name, stages, nonce, ...captured };
  }

  /** What follows the last byte of the last artifact under way is to make it durable: a step of its own. */
  async *#untilWritten(key: string, body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    yield* body;
    this.#coming.delete(key);
    if (this.#coming.size === 0) this.#parts.context.progress.step('sync');
  }

  /** Best effort: what remains is set aside by the next draft. */
  async #remove(keys: readonly string[]): Promise<void> {
    const never = new AbortController().signal; // tidying goes on after an interrupt
    for (const key of keys) {
      await this.#parts.store.delete(key, never).catch((error: unknown) => {
        this.#parts.warn(`${key} could not be removed`, error);
      });
    }
  }
}

const BUFFER = 1024 * 1024;

/** Names with a meaning of their own beside the artifacts. */
function isReserved(name: string): boolean {
  return [MANIFEST_SUFFIX, PROOF_SUFFIX, TAGS_SUFFIX].some((suffix) => name.endsWith(suffix));
}
