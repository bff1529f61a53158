import type { Connection } from './connection.ts';

/** What a dump by this role leaves out without an error, in words for a person. */
export async function unseen(connection: Connection, withPasswords: boolean): Promise<string[]> {
  const { mappings, subscriptions, superuser } = await connection.one<{
    mappings: number;
    subscriptions: number;
    superuser: boolean;
  }>(`
    SELECT (SELECT count(*)::int FROM pg_user_mappings) AS mappings,
           (SELECT count(*)::int FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database()) AS subscriptions,
           (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser`);
  const { user } = connection.place.login;
  return [
    ...(withPasswords
      ? []
      : ['roles are saved without their passwords: give POSTGRES_PASSWORD of a superuser to save them']),
    ...(mappings > 0 && !superuser
      ? [`options of ${mappings} user mappings (foreign servers) are not visible to role "${user}"`]
      : []),
    ...(subscriptions > 0 && !superuser
      ? [`${subscriptions} subscriptions are not saved: only a superuser may read them`]
      : []),
  ];
}
