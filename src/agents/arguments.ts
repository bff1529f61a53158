import { BackupError } from '../base/errors.ts';
import { isBackupId, isBackupType, isService } from '../model/vocabulary.ts';
import type { VerbName, Verbs } from './protocol.ts';

type Given = Readonly<Record<string, unknown>>;

/** What each argument must look like; ids become names of files. */
const CHECKS: Readonly<Record<string, (value: unknown) => boolean>> = {
  recovery: (value) => typeof value === 'string' && /^\w[\w.-]{0,99}$/.test(value),
  backup: (value) => typeof value === 'string' && isBackupId(value),
  type: (value) => typeof value === 'string' && isBackupType(value),
  levels: (value) => Array.isArray(value) && value.every((each) => ['integrity', 'content', 'restore'].includes(each)),
  recoveryPoint: (value) => value === null || isPoint(value),
};

function isPoint(value: unknown): boolean {
  const { id, services } = (value ?? {}) as { id?: unknown; services?: unknown };
  const known = Array.isArray(services) && services.every((each) => typeof each === 'string' && isService(each));
  return typeof id === 'string' && known;
}

const NAMES: { readonly [V in VerbName]: readonly (keyof Verbs[V]['arguments'] & string)[] } = {
  ping: [],
  inspect: [],
  backup: ['type', 'recoveryPoint'],
  history: [],
  validate: ['backup', 'levels'],
  hold: ['recovery'],
  stage: ['recovery', 'backup'],
  swap: ['recovery'],
  rollback: ['recovery'],
  finish: ['recovery'],
};

export function isVerb(word: string): word is VerbName {
  return Object.hasOwn(NAMES, word);
}

/** Fails with kind `usage` on what no caller of ours sends. */
export function checkedArguments<V extends VerbName>(verb: V, given: unknown): Verbs[V]['arguments'] {
  const values = (given ?? {}) as Given;
  for (const name of NAMES[verb]) {
    if (CHECKS[name]?.(values[name]) === true) continue;
    throw new BackupError(`${verb}: "${name}" is not what it should be`, { kind: 'usage' });
  }
  return values;
}
