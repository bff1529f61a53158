import { lstat, readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { BackupError, systemCode } from '../../base/errors.ts';
import { attributesOf } from './attributes.ts';
import { isWritable } from './rights.ts';
import type { Tree } from './settings.ts';
import { CONTAINER_PREFIX } from './walk.ts';

/**
 * How a tree is exchanged. `beside`: the directory as a whole is renamed. `inside`: what it holds is moved, for a
 * mount point (a Docker volume) or a directory whose parent may not be written.
 */
type Exchange = 'beside' | 'inside';

/** Where the pieces of one tree's restore lie, all on one file system. */
export interface Place {
  readonly name: string;
  readonly exchange: Exchange;
  /** The live directory, symbolic links resolved. */
  readonly live: string;
  /** A private directory of this restore, and in it the tree as it was captured. */
  readonly container: string;
  readonly staged: string;
  /** What was live, from the swap until `finish`. */
  readonly replaced: string;
  /** Nothing was there when the restore began. */
  readonly wasAbsent: boolean;
  /** Of the live directory before its container was made in it; only where contents are exchanged (attributes.ts). */
  readonly attributes: string;
}

/** What a journal must hold of a place; the rest follows. */
export type PlaceKey = Pick<Place, 'name' | 'exchange' | 'live' | 'wasAbsent' | 'attributes'>;

/**
 * Decides where a tree is staged. `stamp` makes the names this restore's own. Refuses one in which something is
 * mounted: an exchange would take that away, or stop at it.
 */
export async function choosePlace({ name, path: directory }: Tree, stamp: string): Promise<Place> {
  const wasAbsent = !(await exists(directory));
  const live = wasAbsent ? path.resolve(directory) : await realpath(directory);
  const mounts = wasAbsent ? [] : await mountPoints();
  const below = mounts.find((each) => each.startsWith(`${live}/`));
  if (below !== undefined) throw wouldMove(below, live);
  const inside = !wasAbsent && (mounts.includes(live) || !(await isWritable(path.dirname(live))));
  const attributes = inside ? await attributesOf(live) : '';
  return placeOf({ name, exchange: inside ? 'inside' : 'beside', live, wasAbsent, attributes }, stamp);
}

export function placeOf(key: PlaceKey, stamp: string): Place {
  const { name, exchange, live } = key;
  const inside = exchange === 'inside';
  const container = inside ? path.join(live, `${CONTAINER_PREFIX}${stamp}`) : `${live}.restore-${stamp}`;
  const replaced = inside ? path.join(container, 'replaced files') : `${live}.replaced-${stamp}`;
  return { ...key, container, staged: path.join(container, name), replaced };
}

export function keyOf({ name, exchange, live, wasAbsent, attributes }: Place): PlaceKey {
  return { name, exchange, live, wasAbsent, attributes };
}

/** Without following a symbolic link. */
export async function exists(file: string): Promise<boolean> {
  try {
    await lstat(file);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return false;
    throw error;
  }
}

/** Bind mounts too, which device numbers do not show (proc_pid_mountinfo(5), field 5, octal escapes). */
export async function mountPoints(): Promise<string[]> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return mounts.split('\n').map((line) => unescape(line.split(' ')[4] ?? ''));
}

function wouldMove(mount: string, live: string): BackupError {
  return new BackupError(`application: something is mounted at ${mount}: ${live} cannot be exchanged as it is`, {
    kind: 'failed',
    hint: 'unmount it for the restore; what was captured below it comes back as files',
  });
}

function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
