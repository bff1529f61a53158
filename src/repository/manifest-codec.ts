import { hash } from 'node:crypto';
import type { BackupError } from '../base/errors.ts';
import type { Manifest } from '../model/backup.ts';
import type { BackupId } from '../model/vocabulary.ts';
import { derive } from '../pipeline/keys.ts';
import type { Keyring } from './keyring.ts';
import { checkEnvelope, damagedFile, isMac, mac, newerFormat, readTwoLines, writeTwoLines } from './two-lines.ts';

/** An authenticated manifest with what its envelope yields. */
export interface OpenedManifest {
  readonly manifest: Manifest;
  /** SHA-256 of line B, hex: what the next manifest calls `previous`. */
  readonly digest: string;
  readonly backupKey: Buffer;
}

const ENVELOPE = { keyId: 8, wrapped: 64, wrapTag: 32, mac: 32 } as const;

/** The fields of line B; another one was written by a newer version. */
export const MANIFEST_FIELDS: Readonly<Record<keyof Manifest, true>> = {
  id: true,
  service: true,
  type: true,
  sequence: true,
  previous: true,
  startedAt: true,
  moment: true,
  committedAt: true,
  consistency: true,
  versions: true,
  artifacts: true,
  facts: true,
  warnings: true,
  recoveryPoint: true,
  parent: true,
  suspect: true,
  purpose: true,
};

/** The two lines of a manifest file. */
export function encodeManifest(
  manifest: Manifest,
  backupKey: Buffer,
  keyring: Keyring,
): { bytes: Buffer; digest: string } {
  const body = Buffer.from(JSON.stringify(manifest));
  const envelope = {
    format: 1,
    ...keyring.wrap(manifest.id, backupKey),
    mac: macOf(backupKey, body).toString('hex'),
  };
  return { bytes: writeTwoLines('manifest', body, envelope), digest: digestOf(body) };
}

/**
 * Authenticates, then parses. `id` is what the path says. Kinds: `damaged`, `keys`, `newer-format`.
 */
export function decodeManifest(bytes: Buffer, id: BackupId, keyring: Keyring): OpenedManifest {
  const what = `the manifest of ${id}`;
  const { body, envelope } = readTwoLines('manifest', bytes, what);
  const fields = checkEnvelope(envelope, ENVELOPE, what);
  const backupKey = keyring.unwrap(id, fields, what);
  if (!isMac(fields.mac, macOf(backupKey, body))) throw damagedFile(what, 'is damaged: it is not what was committed');
  const manifest = parseBody(body, what);
  if (manifest.id !== id) throw damagedFile(what, `is that of ${manifest.id}`);
  return { manifest, digest: digestOf(body), backupKey };
}

/**
 * What is authentic was written by a version of this program; whether by a newer one shows in its fields. Whether their
 * values have the right shape is checked where one backup is chosen (`checkManifest`), not for each of thousands.
 */
function parseBody(body: Buffer, what: string): Manifest {
  const parsed = JSON.parse(body.toString('utf8')) as Record<string, unknown>;
  for (const name in parsed) if (!Object.hasOwn(MANIFEST_FIELDS, name)) throw newerFormat(what);
  if (!Number.isSafeInteger(parsed['sequence']) || !Array.isArray(parsed['artifacts'])) throw wrongShape(what);
  return parsed as unknown as Manifest;
}

/** Fails with `newer-format` or `damaged` unless every value of an authentic manifest has the shape of format 1. */
export async function checkManifest(manifest: Manifest): Promise<void> {
  const { objectionTo } = await import('./manifest-schema.ts'); // a listing does without
  const objection = objectionTo(manifest);
  const what = `the manifest of ${manifest.id}`;
  if (objection?.newer === true) throw newerFormat(what);
  if (objection !== undefined) throw wrongShape(what, new Error(objection.message));
}

function wrongShape(what: string, cause?: unknown): BackupError {
  return damagedFile(what, 'is not a manifest of format 1', cause);
}

function macOf(backupKey: Buffer, body: Buffer): Buffer {
  return mac(derive(backupKey, 'PBS1/manifest'), 'manifest', body);
}

function digestOf(body: Buffer): string {
  return hash('sha256', body);
}
