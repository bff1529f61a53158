import type { Condition } from '../model/situation.ts';

/** A condition before it is said what it is about. */
export type Draft = Pick<Condition, 'name' | 'severity' | 'summary' | 'hint'>;

/** What a condition is about; nothing: the platform. */
export type Subject = Partial<Pick<Condition, 'service' | 'type' | 'volume'>>;

/** The key is the name and the subject: `backup-stale:postgres:daily`. */
export function conditionOf(draft: Draft, subject: Subject = {}): Condition {
  const { service, type, volume } = subject;
  const parts = [kebab(draft.name), service, type, volume].filter((each) => each !== undefined);
  return { key: parts.join(':'), ...subject, ...draft };
}

function kebab(name: string): string {
  return name.replaceAll(/(?<!^)[A-Z]/g, '-$&').toLowerCase();
}
