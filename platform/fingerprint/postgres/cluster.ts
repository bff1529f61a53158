import type { Client } from 'pg';
import type { Fingerprint } from '../fingerprint.ts';
import { shortHash } from '../multiset.ts';

const SETTINGS = `
  (SELECT string_agg(coalesce('in ' || datname, 'everywhere') || ' ' || setting, '; ' ORDER BY datname, setting)
   FROM pg_db_role_setting LEFT JOIN pg_database d ON d.oid = setdatabase, unnest(setconfig) setting
   WHERE setrole = r.oid AND (setdatabase = 0 OR datname = current_database()))`;

/** Roles with the hash of their password's verifier, their settings and comment; and who is a member of what. */
export async function fingerprintRoles(client: Client): Promise<Fingerprint> {
  const roles = await client.query<{ name: string; attributes: string; password: string | null }>(`
    SELECT rolname AS name, rolpassword AS password, concat_ws(' ', CASE WHEN rolsuper THEN 'superuser' END,
      CASE WHEN rolinherit THEN 'inherit' END, CASE WHEN rolcreaterole THEN 'createrole' END,
      CASE WHEN rolcreatedb THEN 'createdb' END, CASE WHEN rolcanlogin THEN 'login' END,
      CASE WHEN rolreplication THEN 'replication' END, CASE WHEN rolbypassrls THEN 'bypassrls' END,
      'limit ' || rolconnlimit, 'until ' || rolvaliduntil, 'settings ' || ${SETTINGS},
      'comment ' || quote_literal(shobj_description(r.oid, 'pg_authid'))) AS attributes
    FROM pg_authid r WHERE oid >= 16384`); // those below are the cluster's own
  const members = await client.query<{ name: string; options: string }>(`
    SELECT format('membership of %I in %I', pg_get_userbyid(member), pg_get_userbyid(roleid)) AS name,
      string_agg(format('admin %s, granted by %I', admin_option, pg_get_userbyid(grantor)), '; ' ORDER BY 1) AS options
    FROM pg_auth_members WHERE member >= 16384 GROUP BY 1`);
  return Object.fromEntries([
    ...roles.rows.map(({ name, attributes, password }) => [
      `role ${name}`,
      `${attributes} password ${password === null ? 'none' : shortHash(password)}`,
    ]),
    ...members.rows.map(({ name, options }) => [name, options]),
  ]) as Fingerprint;
}

/** The database's own properties, one by one. */
export async function fingerprintDatabase(client: Client): Promise<Fingerprint> {
  const found = await client.query<Record<string, string | null>>(`
    SELECT pg_get_userbyid(datdba) AS owner, pg_encoding_to_char(encoding) AS encoding, datlocprovider AS provider,
      datcollate AS collate, datctype AS ctype, daticulocale AS icu, datconnlimit::text AS "connection limit",
      datallowconn::text AS "allows connections", datistemplate::text AS template,
      (SELECT spcname FROM pg_tablespace t WHERE t.oid = dattablespace) AS tablespace,
      (SELECT string_agg(a, ',' ORDER BY a) FROM unnest(coalesce(datacl, acldefault('d', datdba))::text[]) a) AS acl,
      (SELECT string_agg(setting, '; ' ORDER BY setting) FROM pg_db_role_setting, unnest(setconfig) setting
       WHERE setdatabase = d.oid AND setrole = 0) AS settings,
      shobj_description(oid, 'pg_database') AS comment
    FROM pg_database d WHERE datname = current_database()`);
  const entries = Object.entries(found.rows[0] ?? {});
  return Object.fromEntries(entries.map(([name, value]) => [`database ${name}`, value ?? 'none']));
}
