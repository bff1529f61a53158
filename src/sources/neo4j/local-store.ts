import { chown, lstat, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { BackupError, systemCode } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';
import type { Context } from '../../model/source.ts';
import type { StoreDirectory } from './store-directory.ts';

/** Opens a data directory of this machine. Kinds: `not-found`, `denied`, `failed` (on several file systems). */
export async function openLocalStore(directory: string, uid: number): Promise<StoreDirectory> {
  const parts = ['databases', 'transactions'].map((part) => path.join(directory, part));
  try {
    const [root, ...found] = await Promise.all([directory, ...parts].map((each) => stat(each)));
    const owner = found[0] ?? root;
    if (found.some(({ dev }) => dev !== root?.dev)) throw severalFileSystems(directory);
    if (uid !== 0 && owner?.uid !== uid) throw notOurs(directory, owner?.uid);
    return new LocalStore(directory, { uid: owner?.uid ?? uid, gid: owner?.gid ?? -1 });
  } catch (error) {
    throw fileError('looking at', directory, error);
  }
}

export function severalFileSystems(directory: string): BackupError {
  return new BackupError(`${directory} is on several file systems: nothing can be exchanged there by renaming`, {
    kind: 'failed',
    hint: 'keep databases and transactions on the file system of the data directory',
  });
}

function notOurs(directory: string, uid: number | undefined): BackupError {
  return new BackupError(`${directory} belongs to another user (uid ${uid ?? 'unknown'})`, {
    kind: 'denied',
    hint: 'run this program as that user',
  });
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

class LocalStore implements StoreDirectory {
  readonly name: string;
  readonly #owner: Owner;

  constructor(directory: string, owner: Owner) {
    this.name = directory;
    this.#owner = owner;
  }

  async existing(paths: readonly string[]): Promise<ReadonlySet<string>> {
    const found = await Promise.all(paths.map((each) => exists(this.#at(each))));
    return new Set(paths.filter((_, at) => found[at]));
  }

  async place(from: string, to: string, { processes, signal }: Context): Promise<void> {
    const target = this.#at(to);
    try {
      await mkdir(target, { recursive: true, mode: 0o700 });
      // Copied by clones of the file system's own where it has them.
      const copy = { file: 'cp', args: ['--recursive', '--reflink=auto', '--', `${from}/.`, target] };
      await processes.run(copy, signal);
      await this.#settle(target);
      await this.#own(path.dirname(target));
      await syncDirectory(this.name);
    } catch (error) {
      throw fileError('placing the store in', target, withoutRoom(error));
    }
  }

  async rename(from: string, to: string): Promise<void> {
    const [old, name] = [this.#at(from), this.#at(to)];
    try {
      await rename(old, name);
      for (const each of new Set([path.dirname(old), path.dirname(name)])) await syncDirectory(each);
    } catch (error) {
      throw fileError('renaming', old, error);
    }
  }

  async remove(name: string): Promise<void> {
    const target = this.#at(name);
    await rm(target, { recursive: true, force: true }).catch((error: unknown) => {
      throw fileError('removing', target, error);
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  /** Gives all of it to the server's user, and to the disk. */
  async #settle(target: string): Promise<void> {
    const entries = await readdir(target, { withFileTypes: true, recursive: true });
    for (const each of [...entries.map((entry) => path.join(entry.parentPath, entry.name)), target]) {
      await this.#own(each);
    }
  }

  async #own(entry: string): Promise<void> {
    await chown(entry, this.#owner.uid, this.#owner.gid);
    await syncDirectory(entry);
  }

  #at(name: string): string {
    return path.join(this.name, name);
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await lstat(file);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Of files too. */
async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, 'r');
  await handle.sync();
}

/** cp(1) says it in words. */
function withoutRoom(error: unknown): unknown {
  if (!(error instanceof BackupError) || !/No space left on device/.test(error.message)) return error;
  return Object.assign(new Error(error.message), { code: 'ENOSPC' });
}
