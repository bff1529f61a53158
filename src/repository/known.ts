import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories } from '../base/directories.ts';
import { BackupError } from '../base/errors.ts';
import { replaceFile } from '../base/files.ts';
import { type BackupSummary, summaryOf } from '../model/backup.ts';
import type { Version } from '../model/store.ts';
import type { Service } from '../model/vocabulary.ts';
import type { Reading } from './history.ts';
import { decodeLedger, encodeLedger } from './ledger.ts';
import type { StoredBackup } from './stored-backup.ts';

/** What an authenticated backup said. */
export interface Authenticated {
  readonly summary: BackupSummary;
  readonly digest: string;
  readonly previous: string | null;
}

export function authenticated({ manifest, proof, bytes, digest }: StoredBackup): Authenticated {
  return { summary: summaryOf(manifest, proof, bytes), digest, previous: manifest.previous };
}

/** The same, and which files said it. */
export interface Known extends Authenticated {
  readonly manifest: Version;
  /** Empty where there is no proof. */
  readonly proof: Version;
}

/** Another one when what is noted changes: a file from before is none of ours then. */
const PURPOSE = 'known-2';

function fileOf({ stateDirectory }: Reading, service: Service): string {
  return path.join(stateDirectory, `.${service}.known.json`);
}

/**
 * What this machine has authenticated before, by id: a file of our own, under the keyring's MAC. It only saves time, so
 * one that is not there, or not ours, is an empty one.
 */
export async function readKnown(service: Service, from: Reading): Promise<ReadonlyMap<string, Known>> {
  const bytes = await readFile(fileOf(from, service)).catch(() => undefined);
  if (bytes === undefined) return new Map();
  try {
    const { backups } = decodeLedger(PURPOSE, service, bytes, from.keyring) as { readonly backups: readonly Known[] };
    return new Map(backups.map((each) => [each.summary.id, each]));
  } catch (error) {
    if (error instanceof BackupError) return new Map();
    throw error;
  }
}

export async function writeKnown(service: Service, backups: readonly Known[], from: Reading): Promise<void> {
  makeDirectories(from.stateDirectory);
  const bytes = encodeLedger(PURPOSE, service, { backups }, from.keyring);
  await replaceFile(fileOf(from, service), bytes.toString('utf8'));
}
