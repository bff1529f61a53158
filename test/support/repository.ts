import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { nothingHappens, type Reached } from '../../src/base/crash-points.ts';
import { BackupError } from '../../src/base/errors.ts';
import type { Log } from '../../src/base/log.ts';
import { Processes } from '../../src/base/processes.ts';
import type { ReadableBackup } from '../../src/model/source.ts';
import type { Store } from '../../src/model/store.ts';
import type { BackupType, Service } from '../../src/model/vocabulary.ts';
import type { SealSettings } from '../../src/pipeline/compression.ts';
import type { ManifestBody } from '../../src/repository/draft.ts';
import { Keyring } from '../../src/repository/keyring.ts';
import type { KnownHere } from '../../src/repository/known-here.ts';
import { crashPointsOf } from '../../src/repository/local-steps.ts';
import { lookIn } from '../../src/repository/look.ts';
import { Repository } from '../../src/repository/repository.ts';
import type { StoredBackup } from '../../src/repository/stored-backup.ts';
import { LocalStore } from '../../src/stores/local.ts';

export const never = new AbortController().signal;
export const quiet = { signal: never, progress: { step: () => undefined, bytes: () => undefined } };
export const processes = new Processes({ PATH: process.env['PATH'] ?? '' });
export const ZSTD: SealSettings = { compression: 'zstd', level: 1, encryption: true, threads: 1 };
export const PLAIN: SealSettings = { compression: 'none', level: 1, encryption: false, threads: 1 };

const silent = (): void => undefined;
export const noLog: Log = { debug: silent, info: silent, warn: silent, error: silent };

/** A directory under the system's temporary one, gone when disposed of. */
export interface Scratch extends AsyncDisposable {
  readonly path: string;
}

export async function scratch(): Promise<Scratch> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'pbs-repository-'));
  return { path: directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) };
}

export interface Options {
  readonly seal?: SealSettings;
  readonly clock?: Clock;
  readonly reached?: Reached;
  readonly keyring?: Keyring;
  /** Instead of a local store in the directory. */
  readonly store?: Store;
  readonly knownHere?: KnownHere;
}

/** A repository in a directory, with its keyring in `secrets` below it. */
export async function repositoryIn(directory: string, options: Options = {}): Promise<Repository> {
  const { reached = nothingHappens, clock = systemClock, seal = ZSTD } = options;
  const store = options.store ?? new LocalStore(directory, crashPointsOf(reached));
  const keyring = options.keyring ?? (await Keyring.open(path.join(directory, 'secrets'), lookIn([store], never)));
  const here = options.knownHere === undefined ? {} : { knownHere: options.knownHere };
  return new Repository({ store, directory, keyring, seal, clock, processes, reached, log: noLog, ...here });
}

export const BODY: ManifestBody = {
  moment: '2026-08-16T02:00:00.000Z',
  consistency: 'consistent',
  versions: { server: '15.18' },
  facts: { 'rows public.users': { value: 3, certainty: 'exact' } },
  warnings: [],
  recoveryPoint: null,
  parent: null,
  suspect: [],
  purpose: 'scheduled',
};

export const DUMP = { extension: 'dump' } as const;
export const GLOBALS = { role: 'globals', extension: 'sql' } as const;

/** Backs up these bytes, with a small second artifact, as a whole run would. */
export async function backUp(
  repository: Repository,
  bytes: Uint8Array,
  service: Service = 'postgres',
  type: BackupType = 'daily',
): Promise<StoredBackup> {
  await using lock = await repository.lock(service, never);
  await using draft = await repository.draft(service, type, lock, quiet);
  await draft.fromChunks(DUMP, chunksOf(bytes));
  await draft.fromProcess(GLOBALS, { file: 'printf', args: ['CREATE ROLE teacher;'] });
  await draft.readBack(never);
  return await draft.commit(BODY);
}

export async function* chunksOf(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) {
    yield await Promise.resolve(bytes.subarray(start, start + size));
  }
}

export async function plaintext(backup: ReadableBackup, kind = DUMP): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of backup.chunks(kind)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Every file below a directory, sorted, hidden ones too. */
export async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((each) => each.isFile())
    .map((each) => path.relative(directory, path.join(each.parentPath, each.name)))
    .toSorted();
}

/** Files of backups: neither locks nor keys nor marks. */
export async function backupFiles(directory: string): Promise<string[]> {
  const files = await filesIn(directory);
  return files.filter((file) => /^(postgres|redis|neo4j|application)\/[a-z]+\//.test(file));
}

/** The error that a promise rejects with; fails the test when it does not. */
export async function failure(promise: Promise<unknown>): Promise<BackupError> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome instanceof BackupError) return outcome;
  throw new Error('expected a BackupError', { cause: outcome });
}

/** Bytes that compress to about half. */
export function compressible(length: number): Buffer {
  const bytes = randomBytes(length);
  for (let index = 0; index < length; index += 2) bytes[index] = index & 15;
  return bytes;
}

/** Makes a scratch directory that another user may enter. */
export async function openToAll(directory: string): Promise<void> {
  await chmod(directory, 0o755);
}
