import type { Settings } from './config/schema.ts';
import type { Source } from './model/source.ts';
import type { Service } from './model/vocabulary.ts';

/** How each service's source is made; a fifth kind of service is one more entry. */
export const SOURCES: Readonly<Record<Service, (settings: Settings) => Promise<Source>>> = {
  async postgres({ postgres }) {
    const { postgresSource } = await import('./sources/postgres/source.ts');
    const { superuser, superuserPassword } = postgres;
    // The default superuser counts as given only with its password: a role of our own may restore too.
    const given = superuserPassword !== undefined || superuser !== 'postgres';
    return postgresSource({ ...postgres, superuser: given ? superuser : undefined });
  },
  async neo4j({ neo4j }) {
    const { neo4jSource } = await import('./sources/neo4j/source.ts');
    return neo4jSource({ ...neo4j, password: neo4j.password ?? '' });
  },
  async redis({ redis }) {
    const { redisSource } = await import('./sources/redis/source.ts');
    const { host, port, user: username, password, sandboxHost } = redis;
    return redisSource({ host, port, username, password, sandboxHost });
  },
  async application({ application }) {
    const { applicationSource } = await import('./sources/application/source.ts');
    return applicationSource({ paths: application.paths ?? [] });
  },
};

/** What must be set before a service can be reached, and what to say when it is not. */
export const REQUIRED: Readonly<Partial<Record<Service, (settings: Settings) => string | undefined>>> = {
  application: ({ application }) =>
    application.paths === undefined ? 'APPLICATION_PATHS (e.g. uploads=/srv/uploads,models=/srv/models)' : undefined,
};
