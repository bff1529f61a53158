import { createHash } from 'node:crypto';
import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { throwIfAborted } from '../../base/errors.ts';
import type { Entry, EntryType } from './entry.ts';

/** Our own directory inside a tree, while a restore of it is under way; never captured. */
export const CONTAINER_PREFIX = '.physics-backup-restore-';

/** Told of bytes as they are read. */
export type Read = (bytes: number) => void;

const PIECE = 1024 * 1024;

/**
 * Lists a tree on the disk with the hash of every file, in the order in which GNU tar writes it (`--sort=name`: names
 * as bytes, a directory before what it holds), so that of several hard links the same one comes first.
 */
export async function* walkTree(root: string, name: string, signal: AbortSignal, read: Read): AsyncGenerator<Entry> {
  const links = new Map<string, Buffer>();
  const buffer = Buffer.allocUnsafe(PIECE);
  const visit = async function* (file: Buffer, path: Buffer): AsyncGenerator<Entry> {
    throwIfAborted(signal);
    const stats = await lstat(file, { bigint: true });
    const entry = await describe(file, path, stats, links, buffer, read);
    if (entry !== undefined) yield entry;
    if (!stats.isDirectory()) return;
    for (const child of await sortedNames(file, path.indexOf(0x2f) === -1))
      yield* visit(join(file, child), join(path, child));
  };
  yield* visit(Buffer.from(root), Buffer.from(name));
}

async function sortedNames(directory: Buffer, isRoot: boolean): Promise<Buffer[]> {
  const names = await readdir(directory, { encoding: 'buffer' });
  const kept = isRoot ? names.filter((each) => !each.toString('latin1').startsWith(CONTAINER_PREFIX)) : names;
  return kept.toSorted((a, b) => Buffer.compare(a, b));
}

/** Undefined for a socket, which no tar holds. */
async function describe(
  file: Buffer,
  path: Buffer,
  stats: BigIntStats,
  links: Map<string, Buffer>,
  buffer: Buffer,
  read: Read,
): Promise<Entry | undefined> {
  const type = typeOf(stats);
  if (type === undefined) return undefined;
  const common = {
    path,
    mode: type === 'symlink' ? 0 : Number(stats.mode & 0o7777n),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    mtime: stats.mtimeNs,
  };
  const first = firstLink(stats, path, links);
  if (first !== undefined) return { ...common, type: 'hardlink', size: 0, target: first };
  if (type === 'symlink') return { ...common, type, size: 0, target: await readlink(file, { encoding: 'buffer' }) };
  if (type !== 'file') return { ...common, type, size: 0 };
  return { ...common, type, size: Number(stats.size), sha256: await hashFile(file, buffer, read) };
}

/** The first path seen of a file that has several names; undefined for the first itself. */
function firstLink(stats: BigIntStats, path: Buffer, links: Map<string, Buffer>): Buffer | undefined {
  if (stats.nlink < 2n || stats.isDirectory()) return undefined;
  const key = `${stats.dev}:${stats.ino}`;
  const first = links.get(key);
  if (first === undefined) links.set(key, path);
  return first;
}

function typeOf(stats: BigIntStats): EntryType | undefined {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFIFO()) return 'fifo';
  return stats.isSocket() ? undefined : 'device';
}

/** One buffer for all files; each piece is hashed before the next is read. */
async function hashFile(file: Buffer, buffer: Buffer, read: Read): Promise<string> {
  await using handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  const hash = createHash('sha256');
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, bytesRead));
    read(bytesRead);
  }
}

function join(directory: Buffer, name: Buffer): Buffer {
  return Buffer.concat([directory, Buffer.from('/'), name]);
}
