import { BackupError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import {
  BACKUP_TYPES,
  type BackupId,
  type BackupType,
  isBackupId,
  isBackupType,
  isService,
  type Service,
  SERVICES,
} from '../model/vocabulary.ts';

/** The words of the command line; each fails with kind `usage` and names the nearest word that is allowed. */
export function parseServices(word: string): readonly Service[] | 'all' {
  return word === 'all' ? 'all' : [parseService(word, ['all'])];
}

export function parseService(word: string, others: readonly string[] = []): Service {
  if (isService(word)) return word;
  throw unknownWord('service', word, [...SERVICES, ...others]);
}

export function parseType(word: string): BackupType {
  if (isBackupType(word)) return word;
  throw unknownWord('type', word, BACKUP_TYPES);
}

export function parseId(word: string): BackupId {
  if (isBackupId(word)) return word;
  throw new BackupError(`"${word}" is not the id of a backup`, {
    kind: 'usage',
    hint: 'ids look like postgres_daily_20260816_020000; see: physics-backup list',
  });
}

/** `latest`, a type, the id of a backup or of a recovery point. */
export function parseSelector(word: string): string {
  if (word === 'latest' || isBackupType(word) || isBackupId(word) || /^point_\d{8}_\d{6}$/.test(word)) return word;
  throw unknownWord('recovery point', word, ['latest', ...BACKUP_TYPES]);
}

function unknownWord(what: string, word: string, allowed: readonly string[]): BackupError {
  const likely = nearest(word, allowed);
  return new BackupError(`unknown ${what} "${word}"`, {
    kind: 'usage',
    hint: likely === undefined ? `use one of: ${allowed.join(', ')}` : `did you mean "${likely}"?`,
  });
}
