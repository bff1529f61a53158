import { createHash } from 'node:crypto';
import { type BigIntStats, createReadStream } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { applicationDirectories } from '../../clients/application.ts';
import type { Environment } from '../../clients/environment.ts';
import type { Fingerprint } from '../fingerprint.ts';
import { escapeBytes } from '../multiset.ts';

const SLASH = Buffer.from('/');

/**
 * Every entry of every directory by the bytes of its path: type, mode, owner, modification time in nanoseconds, and
 * what it is: size, SHA-256 and whether it has holes; where a link leads; which names are the same file. A hole that
 * was filled is a difference: a disk image must not grow when it is restored. The directories' own modification
 * times are left out, as that of a mount point cannot be kept.
 */
export async function fingerprintApplication(environment: Environment): Promise<Fingerprint> {
  const result: Fingerprint = {};
  for (const { name, path } of applicationDirectories(environment)) {
    const root = Buffer.from(path);
    const stats = await statOf(root);
    if (stats === undefined) continue;
    result[name] = `${typeOf(stats)} ${ownership(stats)}`;
    const links = new HardLinks();
    for await (const entry of walk(root)) {
      const relative = `${name}/${escapeBytes(entry.path.subarray(root.length + 1))}`;
      result[relative] = await describe(entry, links.nameOf(relative, entry.stats));
    }
  }
  return result;
}

interface Entry {
  readonly path: Buffer;
  readonly stats: BigIntStats;
}

/** Everything beneath a directory, sorted by the bytes of the path. */
async function* walk(directory: Buffer): AsyncGenerator<Entry> {
  const names = await readdir(directory, { encoding: 'buffer' });
  for (const name of names.toSorted((a, b) => a.compare(b))) {
    const path = Buffer.concat([directory, SLASH, name]);
    const stats = await lstat(path, { bigint: true });
    yield { path, stats };
    if (stats.isDirectory()) yield* walk(path);
  }
}

/** The names of one file are told by the first of them. */
class HardLinks {
  readonly #first = new Map<string, string>();

  /** The first name of the same file, if it has others. */
  nameOf(name: string, stats: BigIntStats): string | undefined {
    if (stats.isDirectory() || stats.nlink === 1n) return undefined;
    const file = `${stats.dev}:${stats.ino}`;
    const first = this.#first.get(file) ?? name;
    this.#first.set(file, first);
    return first;
  }
}

async function describe({ path, stats }: Entry, sameAs: string | undefined): Promise<string> {
  const link = sameAs === undefined ? '' : ` same file as ${sameAs} (${stats.nlink} names)`;
  return `${typeOf(stats)} ${ownership(stats)} ${stats.mtimeNs} ns${await content(path, stats)}${link}`;
}

async function content(path: Buffer, stats: BigIntStats): Promise<string> {
  if (stats.isSymbolicLink()) return ` -> ${escapeBytes(await readlink(path, { encoding: 'buffer' }))}`;
  if (!stats.isFile()) return '';
  return ` ${stats.size} bytes${(await hasHoles(path, stats)) ? ' with holes' : ''} ${await hashFile(path)}`;
}

/** Fewer blocks than the size needs. Some file systems count them only once they are written: synced to be sure. */
async function hasHoles(path: Buffer, stats: BigIntStats): Promise<boolean> {
  if (!lacksBlocks(stats)) return false;
  await using handle = await open(path, 'r');
  await handle.sync();
  return lacksBlocks(await handle.stat({ bigint: true }));
}

function lacksBlocks(stats: BigIntStats): boolean {
  return stats.blocks * 512n < stats.size - (stats.size % stats.blksize);
}

async function hashFile(path: Buffer): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex').slice(0, 32);
}

function ownership(stats: BigIntStats): string {
  return `${(stats.mode & 0o7777n).toString(8).padStart(4, '0')} ${stats.uid}:${stats.gid}`;
}

function typeOf(stats: BigIntStats): string {
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFile()) return 'file';
  return stats.isFIFO() ? 'fifo' : 'special';
}

async function statOf(path: Buffer): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
}
