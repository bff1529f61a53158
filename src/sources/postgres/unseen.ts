import type { Connection } from './connection.ts';

/** What a dump leaves out without an error, in words for a person, and what would save it. */
interface Unseen {
  readonly message: string;
  readonly hint: string;
}

/** What a dump by this role leaves out. */
export async function unseen(connection: Connection, withPasswords: boolean): Promise<Unseen[]> {
  const { mappings, subscriptions, superuser } = await connection.one<{
    mappings: number;
    subscriptions: number;
    superuser: boolean;
  }>(`
    SELECT (SELECT count(*)::int FROM pg_user_mappings) AS mappings,
           (SELECT count(*)::int FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database()) AS subscriptions,
           (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser`);
  const { user } = connection.place.login;
  const asSuperuser = 'let POSTGRES_USER (with PHYSICS_DB_PASSWORD) be a superuser';
  return [
    ...(withPasswords
      ? []
      : [{ message: 'roles are saved without their passwords', hint: 'give POSTGRES_PASSWORD of a superuser' }]),
    ...(mappings > 0 && !superuser
      ? [
          {
            message: `options of ${mappings} user mappings (foreign servers) are not visible to role "${user}"`,
            hint: asSuperuser,
          },
        ]
      : []),
    ...(subscriptions > 0 && !superuser
      ? [
          {
            message: `${subscriptions} subscriptions are not saved: only a superuser may read them`,
            hint: asSuperuser,
          },
        ]
      : []),
  ];
}
