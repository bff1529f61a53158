import { BackupError } from '../base/errors.ts';
import type { Processes } from '../base/processes.ts';
import type { Settings } from '../config/schema.ts';
import type { Source } from '../model/source.ts';
import type { Service } from '../model/vocabulary.ts';
import { missingForExchange } from './exchange-settings.ts';

type MakeSource = (settings: Settings, sandboxes: string, processes: Processes) => Promise<Source>;

/** How each service's source is made; a fifth kind of service is one more entry. `sandboxes` is the registry of theirs. */
export const SOURCES: Readonly<Record<Service, MakeSource>> = {
  async postgres({ postgres }) {
    const { postgresSource } = await import('../sources/postgres/source.ts');
    const { superuser, superuserPassword } = postgres;
    // The default superuser counts as given only with its password: a role of our own may restore too.
    const given = superuserPassword !== undefined || superuser !== 'postgres';
    return postgresSource({ ...postgres, superuser: given ? superuser : undefined });
  },
  async neo4j(settings, sandboxes, processes) {
    const { neo4jSource } = await import('../sources/neo4j/source.ts');
    const { host, port, user, password = '', database, home } = settings.neo4j;
    const { neo4jExchange } = await import('./neo4j-exchange.ts');
    const exchange = neo4jExchange(settings, processes);
    const access = { host, port, user, password, database, home, sandboxes };
    return neo4jSource({ ...access, ...(exchange === undefined ? {} : { exchange }) });
  },
  async redis({ redis }, sandboxes) {
    const { redisSource } = await import('../sources/redis/source.ts');
    const { host, port, user: username, password, sandboxHost } = redis;
    return redisSource({ host, port, username, password, sandboxHost, sandboxes });
  },
  async application({ application, repository, run }) {
    const { applicationSource } = await import('../sources/application/source.ts');
    const apart = { BACKUP_DIR: repository.directory, SECRETS_DIR: repository.secrets, STATE_DIR: run.state };
    return applicationSource({ paths: application.paths ?? [], apart });
  },
};

/** What must be set before a service can be reached. */
const REQUIRED: Readonly<Partial<Record<Service, (settings: Settings) => string | undefined>>> = {
  neo4j: missingForExchange,
  application: ({ application }) =>
    application.paths === undefined ? 'APPLICATION_PATHS (e.g. uploads=/srv/uploads,models=/srv/models)' : undefined,
};

export interface UnsetService {
  readonly service: Service;
  readonly error: BackupError;
}

export function unsetServices(services: readonly Service[], settings: Settings): UnsetService[] {
  return services.flatMap((service) => {
    const missing = REQUIRED[service]?.(settings);
    if (missing === undefined) return [];
    const hint = `set it, or leave ${service} out of BACKUP_SERVICES`;
    return [{ service, error: new BackupError(`${service}: ${missing} is not set`, { kind: 'usage', hint }) }];
  });
}
