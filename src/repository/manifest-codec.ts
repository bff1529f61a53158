import { createHash } from 'node:crypto';
import type { Manifest } from '../model/backup.ts';
import type { BackupId } from '../model/vocabulary.ts';
import { derive } from '../pipeline/keys.ts';
import type { Keyring } from './keyring.ts';
import { manifestSchema } from './manifest-schema.ts';
import { checkEnvelope, damagedFile, isMac, mac, newerFormat, readTwoLines, writeTwoLines } from './two-lines.ts';

/** An authenticated manifest with what its envelope yields. */
export interface OpenedManifest {
  readonly manifest: Manifest;
  /** SHA-256 of line B, hex: what the next manifest calls `previous`. */
  readonly digest: string;
  readonly backupKey: Buffer;
}

const FIELDS = { keyId: 8, wrapped: 64, wrapTag: 32, mac: 32 } as const;

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
  const fields = checkEnvelope(envelope, FIELDS, what);
  const backupKey = keyring.unwrap(id, fields, what);
  if (!isMac(fields.mac, macOf(backupKey, body))) throw damagedFile(what, 'is damaged: it is not what was committed');
  const manifest = parseBody(body, what);
  if (manifest.id !== id) throw damagedFile(what, `is that of ${manifest.id}`);
  return { manifest, digest: digestOf(body), backupKey };
}

function parseBody(body: Buffer, what: string): Manifest {
  const parsed = manifestSchema.safeParse(JSON.parse(body.toString('utf8')));
  if (parsed.success) return parsed.data;
  if (parsed.error.issues.some((issue) => issue.code === 'unrecognized_keys')) throw newerFormat(what);
  throw damagedFile(
    what,
    `is not a manifest of format 1: ${parsed.error.issues[0]?.path.join('.') ?? ''}`,
    parsed.error,
  );
}

function macOf(backupKey: Buffer, body: Buffer): Buffer {
  return mac(derive(backupKey, 'PBS1/manifest'), 'manifest', body);
}

function digestOf(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}
