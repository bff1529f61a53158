import { createHash } from 'node:crypto';

export type EntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'fifo' | 'device';

/** One name of a captured tree. Names are bytes: Linux allows any but NUL and `/`. */
export interface Entry {
  /** With the tree's name in front, without a slash at the end: `uploads/a.txt`, `uploads` for the root. */
  readonly path: Buffer;
  readonly type: EntryType;
  /** Permission bits with setuid, setgid and sticky; 0 for symbolic links, which have none of their own. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Logical bytes of a file (holes included); 0 for all others. */
  readonly size: number;
  /** Nanoseconds since the epoch. */
  readonly mtime: bigint;
  /** Where a symbolic link points to, or the earlier path in the same tree that a hard link shares its file with. */
  readonly target?: Buffer;
  /** SHA-256 of a file's bytes, hex. */
  readonly sha256?: string;
}

/**
 * The entry as one line of the file list (JSON). The same entry gives the same line, whether it comes from a tar or
 * from the disk: lines are what is compared. A hard link has only what its file does not say already.
 */
export function entryLine(entry: Entry): string {
  const { path, type, mode, uid, gid, size, mtime, target, sha256 } = entry;
  const link = target === undefined ? {} : text('target', target);
  if (type === 'hardlink') return JSON.stringify({ ...text('path', path), type, ...link });
  return JSON.stringify({
    ...text('path', path),
    type,
    mode: mode.toString(8).padStart(4, '0'),
    uid,
    gid,
    size,
    mtime: mtime.toString(),
    ...link,
    ...(sha256 === undefined ? {} : { sha256 }),
  });
}

/** A name as text; one that is not UTF-8 as base64, under another key. */
function text(key: string, bytes: Buffer): Record<string, string> {
  const decoded = bytes.toString('utf8');
  return Buffer.from(decoded).equals(bytes) ? { [key]: decoded } : { [`${key}Base64`]: bytes.toString('base64') };
}

/** A name for messages: control characters and broken UTF-8 escaped. */
export function shown(name: Buffer): string {
  return JSON.stringify(name.toString('utf8')).slice(1, -1);
}

/** 256 bits of a line, for sums that do not depend on the order. */
export function lineDigest(line: string): bigint {
  return BigInt(`0x${createHash('sha256').update(line).digest('hex')}`);
}

/** The tree that an entry belongs to. */
export function treeName({ path }: Pick<Entry, 'path'>): string {
  const slash = path.indexOf(0x2f);
  return (slash === -1 ? path : path.subarray(0, slash)).toString('utf8');
}
