import { asError, BackupError } from '../base/errors.ts';
import type { Proof } from '../model/backup.ts';
import type { BackupId } from '../model/vocabulary.ts';
import { derive } from '../pipeline/keys.ts';
import { checkEnvelope, damagedFile, isMac, mac, readTwoLines, writeTwoLines } from './two-lines.ts';

/** The two lines of a proof file, authenticated by the key of its backup. */
export function encodeProof(proof: Proof, backupKey: Buffer): Buffer {
  const body = Buffer.from(JSON.stringify(proof));
  return writeTwoLines('proof', body, { format: 1, mac: macOf(backupKey, body).toString('hex') });
}

/** Fails with kind `damaged` or `newer-format`. */
export function decodeProof(bytes: Buffer, id: BackupId, backupKey: Buffer): Proof {
  try {
    return readProof(bytes, id, backupKey);
  } catch (thrown) {
    const error = asError(thrown);
    if (!(error instanceof BackupError) || error.kind !== 'damaged') throw error;
    const hint = `check the backup again, which writes a new one: physics-backup validate ${id}`;
    throw new BackupError(error.message, { kind: error.kind, hint, cause: error });
  }
}

function readProof(bytes: Buffer, id: BackupId, backupKey: Buffer): Proof {
  const what = `the proof of ${id}`;
  const { body, envelope } = readTwoLines('proof', bytes, what);
  const fields = checkEnvelope(envelope, { mac: 32 }, what);
  if (!isMac(fields.mac, macOf(backupKey, body))) throw damagedFile(what, 'is damaged: it is not what was recorded');
  const proof = JSON.parse(body.toString('utf8')) as Proof; // authentic: ours
  if (proof.id !== id) throw damagedFile(what, `is that of ${proof.id}`);
  return proof;
}

function macOf(backupKey: Buffer, body: Buffer): Buffer {
  return mac(derive(backupKey, 'PBS1/proof'), 'proof', body);
}
