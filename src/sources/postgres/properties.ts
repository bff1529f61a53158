import { BackupError } from '../../base/errors.ts';
import type { Connection } from './connection.ts';
import { checked, type Properties } from './properties-schema.ts';

export type { Properties } from './properties-schema.ts';

// pg_database gained and renamed columns: as JSON it can be read of any version
const READ = `
  WITH d AS (SELECT d.*, to_jsonb(d) AS j FROM pg_database d WHERE d.datname = current_database()),
  mentions AS (
    SELECT s.refobjid AS role, s.deptype FROM pg_shdepend s, d
     WHERE s.refclassid = 'pg_authid'::regclass AND (s.dbid = d.oid OR (s.dbid = 0 AND s.classid = 'pg_database'::regclass AND s.objid = d.oid))
    UNION SELECT datdba, 'o' FROM d
    UNION SELECT setrole, 's' FROM pg_db_role_setting, d WHERE setdatabase = d.oid AND setrole <> 0)
  SELECT json_build_object(
    'version', 1,
    'database', datname,
    'owner', pg_get_userbyid(datdba),
    'encoding', pg_encoding_to_char(encoding),
    'collate', datcollate,
    'ctype', datctype,
    'localeProvider', CASE coalesce(j->>'datlocprovider', 'c') WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' ELSE 'builtin' END,
    'locale', coalesce(j->>'datlocale', j->>'daticulocale'),
    'tablespace', (SELECT spcname FROM pg_tablespace t WHERE t.oid = dattablespace),
    'connectionLimit', datconnlimit,
    'allowConnections', datallowconn,
    'isTemplate', datistemplate,
    'comment', shobj_description(oid, 'pg_database'),
    'privileges', CASE WHEN datacl IS NOT NULL THEN (
       SELECT coalesce(json_agg(json_build_object(
                'grantee', CASE WHEN a.grantee <> 0 THEN pg_get_userbyid(a.grantee) END, 'grantor', pg_get_userbyid(a.grantor),
                'privilege', a.privilege_type, 'grantable', a.is_grantable)), '[]'::json) FROM aclexplode(datacl) a) END,
    'settings', (
       SELECT coalesce(json_agg(json_build_object(
                'role', CASE WHEN s.setrole <> 0 THEN pg_get_userbyid(s.setrole) END,
                'name', split_part(c, '=', 1), 'value', substr(c, strpos(c, '=') + 1))), '[]'::json)
         FROM pg_db_role_setting s, unnest(s.setconfig) c WHERE s.setdatabase = d.oid),
    'extensions', (
       SELECT coalesce(json_agg(json_build_object('name', extname, 'version', extversion, 'schema', nspname) ORDER BY extname), '[]'::json)
         FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace),
    'hasPublicSchema', EXISTS (SELECT FROM pg_namespace WHERE nspname = 'public'),
    'tablespaces', (
       SELECT coalesce(json_agg(spcname), '[]'::json) FROM pg_tablespace t
        WHERE spcname NOT IN ('pg_default', 'pg_global')
          AND (t.oid = dattablespace OR t.oid IN (SELECT reltablespace FROM pg_class))),
    'owners', (SELECT coalesce(json_agg(DISTINCT pg_get_userbyid(role)), '[]'::json) FROM mentions WHERE deptype = 'o'),
    'roles', (SELECT coalesce(json_agg(DISTINCT pg_get_userbyid(role)), '[]'::json) FROM mentions),
    'bytes', pg_database_size(oid)) AS properties
  FROM d`;

/** The properties of the database that the session is in. */
export async function readProperties(connection: Connection): Promise<Properties> {
  const { properties } = await connection.one<{ properties: unknown }>(READ);
  return checked(properties);
}

export function formatProperties(properties: Properties): Uint8Array {
  return Buffer.from(`${JSON.stringify(properties, null, 2)}\n`);
}

/** Fails with kind `damaged` when the text is not what `formatProperties` wrote. */
export function parseProperties(text: string): Properties {
  try {
    return checked(JSON.parse(text));
  } catch (cause) {
    throw new BackupError('postgres: the database properties of the backup cannot be read', { kind: 'damaged', cause });
  }
}
