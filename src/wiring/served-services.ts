import { BackupError } from '../base/errors.ts';
import type { Settings } from '../config/schema.ts';
import type { Service } from '../model/vocabulary.ts';

/** The services that a daemon of this place answers for; fails with kind `usage` where there is none. */
export function servedServices({ services: { expected, agents } }: Settings): Service[] {
  const services = expected.filter((each) => agents.includes(each));
  if (services.length > 0) return services;
  throw new BackupError('there is no service to answer for', {
    kind: 'usage',
    hint: 'name in AGENT_SERVICES one of BACKUP_SERVICES',
  });
}
