import { isTemporaryName } from '../base/files.ts';
import { BackupError } from '../base/errors.ts';

/** Refuses a key that could leave the store or be taken for an unfinished file. */
export function checkKey(key: string): void {
  const names = key.split('/');
  const bad = names.some((name) => name === '' || name === '.' || name === '..' || name.includes('\0'));
  if (bad || isTemporaryName(names.at(-1) ?? ''))
    throw new BackupError(`"${key}" is no key of a store`, { kind: 'usage' });
}

export function notFound(key: string): BackupError {
  return new BackupError(`${key} does not exist`, { kind: 'not-found' });
}

export function alreadyExists(key: string): BackupError {
  return new BackupError(`${key} exists already`, { kind: 'exists' });
}

export function changed(key: string): BackupError {
  return new BackupError(`${key} was changed by another`, { kind: 'conflict' });
}
