import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { BackupError, reason, systemCode } from './errors.ts';
import { fileError } from './files.ts';

/**
 * Makes a directory (0700) and its missing parents; returns the first that was made, undefined when all were there.
 * Not `recursive`: that never ends where nothing can be made (`/proc`), and takes a core with it.
 */
export function makeDirectories(directory: string, mode = 0o700): string | undefined {
  try {
    return makeOne(directory, mode) ? directory : undefined;
  } catch (error) {
    const parent = path.dirname(directory);
    if (systemCode(error) !== 'ENOENT' || parent === directory) throw fileError('creating', directory, error);
    const first = makeDirectories(parent, mode);
    makeBelow(directory, mode);
    return first ?? directory;
  }
}

/** Its parent is there. */
function makeBelow(directory: string, mode: number): void {
  try {
    makeOne(directory, mode);
  } catch (cause) {
    if (systemCode(cause) !== 'ENOENT') throw fileError('creating', directory, cause);
    const hint = 'name a directory that can be made: physics-backup config show';
    throw new BackupError(`creating ${directory} failed: ${reason(cause)}`, { kind: 'denied', hint, cause });
  }
}

function makeOne(directory: string, mode: number): boolean {
  try {
    mkdirSync(directory, { mode });
    return true;
  } catch (error) {
    if (isDirectory(directory)) return false; // also where the file system says EROFS before EEXIST
    throw error;
  }
}

function isDirectory(directory: string): boolean {
  try {
    return statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
}
