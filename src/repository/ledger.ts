import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories } from '../base/directories.ts';
import { systemCode } from '../base/errors.ts';
import { fileError, replaceFile } from '../base/files.ts';
import type { Store } from '../model/store.ts';
import type { BackupId, Instant, Service } from '../model/vocabulary.ts';
import type { Keyring } from './keyring.ts';
import { removalsKey } from './names.ts';
import { putSmall, readIfThere } from './small-objects.ts';
import { checkEnvelope, readTwoLines, writeTwoLines } from './two-lines.ts';

/** A backup that was removed on purpose; it explains its missing sequence for ever. */
export interface Removal {
  readonly id: BackupId;
  readonly sequence: number;
  readonly digest: string;
  readonly reason: string;
  readonly at: Instant;
  /** It has begun, and is not over: the backup may still be there without anyone having put it back. */
  readonly pending?: true;
}

/** The highest sequence this machine has committed, kept beside the backups or in the state directory. */
export interface HighWater {
  readonly sequence: number;
  readonly digest: string;
}

const FIELDS = { keyId: 8, mac: 32 } as const;

/** The authenticated list of removals; empty when there is none. Fails with `damaged` or `keys`. */
export async function readRemovals(
  service: Service,
  store: Store,
  keyring: Keyring,
  signal: AbortSignal,
): Promise<readonly Removal[]> {
  const bytes = await readIfThere(store, removalsKey(service), signal);
  if (bytes === undefined) return [];
  return (decodeLedger('removals', service, bytes, keyring) as { removed: readonly Removal[] }).removed;
}

export async function writeRemovals(
  service: Service,
  removed: readonly Removal[],
  store: Store,
  keyring: Keyring,
  signal: AbortSignal,
): Promise<void> {
  await putSmall(store, removalsKey(service), encodeLedger('removals', service, { removed }, keyring), {}, signal);
}

function highWaterFile(directory: string, service: Service): string {
  return path.join(directory, `.${service}.high-water.json`);
}

/** Undefined on a machine that has committed nothing yet. */
export async function readHighWater(
  service: Service,
  directory: string,
  keyring: Keyring,
): Promise<HighWater | undefined> {
  const file = highWaterFile(directory, service);
  const bytes = await readFile(file).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fileError('reading', file, error);
  });
  return bytes === undefined ? undefined : (decodeLedger('high-water', service, bytes, keyring) as HighWater);
}

export async function writeHighWater(
  service: Service,
  mark: HighWater,
  directory: string,
  keyring: Keyring,
): Promise<void> {
  makeDirectories(directory);
  const { sequence, digest } = mark;
  const bytes = encodeLedger('high-water', service, { sequence, digest }, keyring);
  await replaceFile(highWaterFile(directory, service), bytes.toString('utf8'));
}

/** The MAC names the service too: the file of one is not that of another. */
export function encodeLedger(purpose: string, service: Service, content: object, keyring: Keyring): Buffer {
  const body = Buffer.from(JSON.stringify(content));
  return writeTwoLines(purpose, body, { format: 1, ...keyring.sign(`${purpose}/${service}`, body) });
}

export function decodeLedger(purpose: string, service: Service, bytes: Buffer, keyring: Keyring): unknown {
  const what = `the ${purpose} file of ${service}`;
  const { body, envelope } = readTwoLines(purpose, bytes, what);
  const fields = checkEnvelope(envelope, FIELDS, what);
  keyring.verify(`${purpose}/${service}`, body, fields, what);
  return JSON.parse(body.toString('utf8')); // authentic: ours
}
