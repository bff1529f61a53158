import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Clock, systemClock } from '../base/clock.ts';
import { makeDirectories } from '../base/directories.ts';
import { BackupError, systemCode } from '../base/errors.ts';
import { createFile, fileError } from '../base/files.ts';
import { cipherKey, derive, hmac, randomKey } from '../pipeline/keys.ts';
import { damagedFile, isMac, mac } from './two-lines.ts';

export const KEYRING_FILE = 'backup-keyring.json';

/** A key-encryption key with what is derived from it. */
interface Kek {
  readonly id: string;
  readonly key: Buffer;
  readonly wrapEncryption: Buffer;
  readonly wrapAuthentication: Buffer;
}

/** A backup key, sealed for its backup under a key of the keyring; all hex. */
export interface WrappedKey {
  readonly keyId: string;
  readonly wrapped: string;
  readonly wrapTag: string;
}

/**
 * Looks at every store in sight before a keyring may be made: resolves with the path of any manifest found, and
 * rejects when a store cannot be reached.
 */
export type LookForManifest = () => Promise<string | undefined>;

export interface KeyringState {
  readonly currentId: string;
  /** When the current key was made. */
  readonly created: string | undefined;
}

/** The keys that open backups. Never printed, logged or serialized. */
export class Keyring {
  readonly #keys: ReadonlyMap<string, Kek>;
  readonly #current: Kek;

  private constructor(keys: readonly Kek[], current: Kek) {
    this.#keys = new Map(keys.map((each) => [each.id, each]));
    this.#current = current;
  }

  /**
   * Reads `backup-keyring.json`, or makes it on first use. Fails with kind `keys` when it is unreadable, or when
   * backups exist that another keyring must have sealed: an unmounted volume must not make a second key silently.
   */
  static async open(secretsDir: string, look: LookForManifest, clock: Clock = systemClock): Promise<Keyring> {
    const file = path.join(secretsDir, KEYRING_FILE);
    const text = (await readKeyring(file)) ?? (await makeKeyring(file, look, clock));
    return Keyring.parse(text, file);
  }

  /** Fails with kind `keys`; the message holds nothing of the text. */
  static parse(text: string, file: string): Keyring {
    const content = parseContent(text, file);
    const keys = content.keys.map((each) => kek(Buffer.from(each.key, 'hex')));
    const current = keys.find((each) => each.id === content.current);
    const wrong = content.keys.some((each, index) => each.id !== keys[index]?.id);
    if (wrong || current === undefined) throw badKeyring(file);
    return new Keyring(keys, current);
  }

  /** What may be said of the keys of a machine; undefined where there is no keyring yet. Fails as `open` does. */
  static async state(secretsDir: string): Promise<KeyringState | undefined> {
    const file = path.join(secretsDir, KEYRING_FILE);
    const text = await readKeyring(file);
    if (text === undefined) return undefined;
    const { currentId } = Keyring.parse(text, file);
    return { currentId, created: parseContent(text, file).keys.find((each) => each.id === currentId)?.created };
  }

  get currentId(): string {
    return this.#current.id;
  }

  /** Names every key, and the current one first. */
  get keyIds(): string {
    return [this.#current.id, ...this.#keys.keys()].join(' ');
  }

  /** Seals a backup key for one backup. */
  wrap(id: string, backupKey: Buffer): WrappedKey {
    const salt = randomBytes(8);
    const { key, iv } = cipherKey(this.#current.wrapEncryption, salt);
    const cipher = createCipheriv('aes-256-cbc', key, iv);
    const wrapped = Buffer.concat([Buffer.from('Salted__'), salt, cipher.update(backupKey), cipher.final()]);
    const wrapTag = tagOf(this.#current, id, wrapped);
    return { keyId: this.#current.id, wrapped: wrapped.toString('hex'), wrapTag: wrapTag.toString('hex') };
  }

  /** Opens a backup key. Kind `keys` when the keyring lacks its key, `damaged` when it was sealed by no such key. */
  unwrap(id: string, given: WrappedKey, what: string): Buffer {
    const found = this.#find(given.keyId, what);
    const wrapped = Buffer.from(given.wrapped, 'hex');
    if (!isMac(given.wrapTag, tagOf(found, id, wrapped))) throw damagedFile(what, 'is damaged: its key does not open');
    const { key, iv } = cipherKey(found.wrapEncryption, wrapped.subarray(8, 16));
    const decipher = createDecipheriv('aes-256-cbc', key, iv);
    return Buffer.concat([decipher.update(wrapped.subarray(16)), decipher.final()]);
  }

  /** A MAC of ours over a file that belongs to no backup (`removals`, `high-water`). */
  sign(purpose: string, bytes: Buffer): { keyId: string; mac: string } {
    return { keyId: this.#current.id, mac: this.#mac(this.#current, purpose, bytes).toString('hex') };
  }

  /** Fails as `unwrap` does. */
  verify(purpose: string, bytes: Buffer, given: { keyId: string; mac: string }, what: string): void {
    const found = this.#find(given.keyId, what);
    if (!isMac(given.mac, this.#mac(found, purpose, bytes))) throw damagedFile(what, 'is damaged: its MAC is wrong');
  }

  #mac(from: Kek, purpose: string, bytes: Buffer): Buffer {
    return mac(derive(from.key, `PBS1/${purpose}`), purpose, bytes);
  }

  #find(keyId: string, what: string): Kek {
    const found = this.#keys.get(keyId);
    if (found !== undefined) return found;
    throw new BackupError(`${what} was sealed with key ${keyId}, which this keyring does not hold`, {
      kind: 'keys',
      hint: 'bring back the keyring these backups were made with (keys import)',
    });
  }
}

function tagOf(from: Kek, id: string, wrapped: Buffer): Buffer {
  return hmac(from.wrapAuthentication, `PBS1 wrap\n${id}\n${from.id}\n`, wrapped);
}

function kek(key: Buffer): Kek {
  return {
    id: hmac(key, 'PBS1 key-id').toString('hex').slice(0, 16),
    key,
    wrapEncryption: derive(key, 'PBS1/wrap-enc'),
    wrapAuthentication: derive(key, 'PBS1/wrap-mac'),
  };
}

interface KeyringContent {
  readonly format: 1;
  readonly current: string;
  readonly keys: readonly { readonly id: string; readonly key: string; readonly created: string }[];
}

function parseContent(text: string, file: string): KeyringContent {
  let content: Partial<KeyringContent> | null;
  try {
    content = JSON.parse(text) as Partial<KeyringContent> | null;
  } catch {
    throw badKeyring(file); // without its cause: the parser's message quotes the text
  }
  const keys: unknown = content?.keys;
  const good = content?.format === 1 && Array.isArray(keys) && keys.length > 0 && keys.every(isKeyEntry);
  if (!good) throw badKeyring(file);
  return content as KeyringContent;
}

function isKeyEntry(entry: unknown): boolean {
  const { id, key } = (entry ?? {}) as { id?: unknown; key?: unknown };
  return typeof id === 'string' && typeof key === 'string' && /^[0-9a-f]{64}$/.test(key);
}

async function readKeyring(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw new BackupError(`the keyring ${file} cannot be read`, {
      kind: 'keys',
      hint: 'let the user that runs this program read it (0600, its own)',
      cause: error,
    });
  }
}

/** The first of several that start at once wins; the others read what it made. */
async function makeKeyring(file: string, look: LookForManifest, clock: Clock): Promise<string> {
  const found = await look();
  if (found !== undefined) throw missingKeyring(file, found);
  const { id, key } = kek(randomKey());
  const entry = { id, key: key.toString('hex'), created: clock.now() };
  const content: KeyringContent = { format: 1, current: id, keys: [entry] };
  const text = `${JSON.stringify(content, null, 2)}\n`;
  try {
    makeDirectories(path.dirname(file));
    await createFile(file, text);
    return text;
  } catch (error) {
    if (!(error instanceof BackupError && error.kind === 'exists')) throw fileError('creating', file, error);
    return (await readKeyring(file)) ?? failDangling(file);
  }
}

/** There is something of that name, and no file. */
function failDangling(file: string): never {
  throw new BackupError(`the keyring ${file} is a link to nowhere`, {
    kind: 'keys',
    hint: 'mount the volume that it points to, or bring the keyring back (keys import)',
  });
}

function missingKeyring(file: string, manifest: string): BackupError {
  return new BackupError(`the keyring ${file} is missing, but there are backups (${manifest})`, {
    kind: 'keys',
    hint: 'mount the volume that holds it, or bring the keyring back (keys import)',
  });
}

function badKeyring(file: string): BackupError {
  return new BackupError(`the keyring ${file} is damaged`, {
    kind: 'keys',
    hint: 'bring back a good copy of it (keys import)',
  });
}
