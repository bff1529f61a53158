import type { Dirent } from 'node:fs';
import { lstat, readdir, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { reason, systemCode } from '../base/errors.ts';
import type { VolumeKnowledge } from '../model/knowledge.ts';
import type { Service } from '../model/vocabulary.ts';

/** A volume is told by where it is mounted. */
export interface VolumePlace {
  readonly volume: string;
  readonly directory: string;
  /** The service whose backups fill it. */
  readonly service?: Service;
}

/** Beyond this the file system's figures have to do: a look must not walk through millions of files. */
const MOST_FILES = 50_000;

/** The directories below that of the volumes, each a volume of its name; none where there is no such directory. */
export async function volumesBelow(directory: string): Promise<VolumePlace[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown): Dirent[] => {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  });
  return entries
    .filter((each) => each.isDirectory())
    .map(({ name }) => ({ volume: name, directory: path.join(directory, name) }))
    .toSorted((a, b) => (a.volume < b.volume ? -1 : 1));
}

/** What the file system says of the place; what it does not say is absent, with the reason. Never rejects. */
export async function fileSystemFigures({ volume, directory, service }: VolumePlace): Promise<VolumeKnowledge> {
  const place = { volume, ...(service === undefined ? {} : { service }) };
  try {
    const { bsize, blocks, bfree, bavail } = await statfs(directory);
    if (blocks === 0) return { ...place, why: 'its file system gives no figures' };
    const used = (blocks - bfree) * bsize;
    const free = bavail * bsize;
    return { ...place, size: used + free, free, used }; // as df counts: what root alone may use is left out
  } catch (error) {
    return { ...place, why: unseen(error) };
  }
}

function unseen(error: unknown): string {
  const code = systemCode(error);
  if (code === 'ENOENT') return 'it is not mounted here';
  return code === 'EACCES' ? 'this user may not look at it' : `it cannot be seen: ${code ?? reason(error)}`;
}

/**
 * Bytes of the files of a volume itself, sparse ones as they lie on disk, links counted once; undefined, with the
 * reason, where this user may not read all of it, or where there are too many. Never rejects.
 */
export async function ownBytes(
  { directory }: VolumePlace,
  signal: AbortSignal,
  most = MOST_FILES,
): Promise<{ readonly bytes?: number; readonly why?: string }> {
  try {
    const { dev } = await stat(directory);
    const counted = new Set<number>();
    const open = [directory];
    let bytes = 0;
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const entry of await readdir(next, { withFileTypes: true })) {
        signal.throwIfAborted();
        const file = path.join(next, entry.name);
        const found = await lstat(file).catch(goneMeanwhile);
        if (found === undefined || found.dev !== dev || counted.has(found.ino)) continue;
        counted.add(found.ino);
        if (counted.size > most) return { why: 'it has very many files: bytes in use are those of its file system' };
        bytes += found.blocks * 512;
        if (entry.isDirectory()) open.push(file);
      }
    }
    return { bytes };
  } catch {
    return { why: 'not all of it may be read: bytes in use are those of its file system' };
  }
}

function goneMeanwhile(error: unknown): undefined {
  if (systemCode(error) !== 'ENOENT') throw error;
}
