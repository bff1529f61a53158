import type { Finding } from '../../model/source.ts';
import { type Connection, identifier } from './connection.ts';
import { DUMPED_RELATIONS, isExtensionMember, USER_SCHEMAS } from './relations.ts';

/** One kind of thing that the role may not read, and what grants it. */
interface Denial {
  readonly what: string;
  readonly names: readonly string[];
  readonly remedy: (role: string, names: readonly string[]) => string;
}

const READ_ALL = (role: string): string => `GRANT pg_read_all_data TO ${role};`;

/** What pg_dump would stumble over, each as a list of names. */
const CHECKS: readonly { what: string; sql: string; remedy: Denial['remedy'] }[] = [
  {
    what: 'schema',
    sql: `SELECT quote_ident(nspname) AS name FROM pg_namespace n
           WHERE oid IN ${USER_SCHEMAS} AND NOT has_schema_privilege(oid, 'USAGE') AND NOT ${isExtensionMember('pg_namespace', 'n.oid')}`,
    remedy: READ_ALL,
  },
  {
    what: 'table',
    sql: `SELECT name FROM (${DUMPED_RELATIONS}) d WHERE relkind <> 'S' AND NOT has_table_privilege(oid, 'SELECT')`,
    remedy: READ_ALL,
  },
  {
    what: 'sequence',
    sql: `SELECT name FROM (${DUMPED_RELATIONS}) d WHERE CASE WHEN relkind = 'S' THEN NOT has_sequence_privilege(oid, 'SELECT') END`,
    remedy: READ_ALL,
  },
  {
    what: 'table with row-level security',
    sql: `SELECT name FROM (${DUMPED_RELATIONS}) d WHERE relkind <> 'S' AND row_security_active(oid)`,
    remedy: (role) => `ALTER ROLE ${role} BYPASSRLS;`,
  },
  {
    what: 'large object',
    sql: `SELECT l.oid::text AS name FROM pg_largeobject_metadata l
           WHERE NOT current_setting('lo_compat_privileges')::boolean
             AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
             AND NOT EXISTS (SELECT FROM aclexplode(coalesce(l.lomacl, acldefault('L', l.lomowner))) a
                              WHERE a.privilege_type = 'SELECT'
                                AND (a.grantee = 0 OR pg_has_role(current_user, a.grantee, 'USAGE')))`,
    remedy: (role, names) => `GRANT SELECT ON LARGE OBJECT ${names.join(', ')} TO ${role};`,
  },
];

const NAMED = 3;
const GRANTED = 100;

/** A finding for every kind of thing in the database that the session's role may not read; none when it can read all. */
export async function rightsFindings(connection: Connection): Promise<Finding[]> {
  const findings: Finding[] = [];
  const { user } = connection.place.login;
  for (const { what, sql, remedy } of CHECKS) {
    const names = (await connection.query<{ name: string }>(`${sql} ORDER BY 1`)).map((row) => row.name);
    if (names.length > 0) findings.push(denied(user, { what, names, remedy }, connection.place.database));
  }
  return findings;
}

function denied(user: string, { what, names, remedy }: Denial, database: string): Finding {
  const shown = names.slice(0, NAMED).join(', ');
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return {
    subject: 'rights',
    severity: 'problem',
    kind: 'denied',
    stops: 'backup',
    message: `role "${user}" may not read ${what} ${shown}${more} in database "${database}"`,
    hint: remedy(identifier(user), names.slice(0, GRANTED)),
  };
}
