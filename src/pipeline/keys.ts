import { createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

/** HMAC-SHA256 of parts in a row; text is Latin-1. */
export function hmac(key: Uint8Array, ...message: readonly (string | Uint8Array)[]): Buffer {
  const made = createHmac('sha256', key);
  for (const part of message) made.update(typeof part === 'string' ? Buffer.from(part, 'latin1') : part);
  return made.digest();
}

/** Key derivation of format 1 (HKDF-Expand, one block): HMAC-SHA256(key, info ‖ 0x01). */
export function derive(key: Uint8Array, info: string): Buffer {
  return hmac(key, info, ONE);
}

const ONE = Buffer.of(1);

/** A new key of 32 bytes. */
export function randomKey(): Buffer {
  return randomBytes(32);
}

/** The keys of one artifact attempt: they depend on its stored name and nonce, so no two files share them. */
export interface SealKeys {
  readonly encryption: Buffer;
  readonly authentication: Buffer;
}

export function sealKeys(backupKey: Uint8Array, name: string, nonce: string): SealKeys {
  return {
    encryption: derive(backupKey, `PBS1/enc/${name}/${nonce}`),
    authentication: derive(backupKey, `PBS1/mac/${name}/${nonce}`),
  };
}

/** What OpenSSL makes of a password: `openssl enc -aes-256-cbc -pbkdf2 -iter 1 -md sha256`. */
export interface CipherKey {
  readonly key: Buffer;
  readonly iv: Buffer;
}

/** The password is the key in hex. */
export function cipherKey(key: Uint8Array, salt: Uint8Array): CipherKey {
  const made = pbkdf2Sync(Buffer.from(key).toString('hex'), salt, 1, 48, 'sha256');
  return { key: made.subarray(0, 32), iv: made.subarray(32) };
}
