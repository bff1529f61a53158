import { type Connection, identifier, literal } from './connection.ts';
import type { Properties } from './properties.ts';

/** Creates the database empty, closed to everyone, with the locale and owner of the original. */
export function createStatement(name: string, properties: Properties, tablespaces: ReadonlySet<string>): string {
  const { owner, encoding, collate, ctype, tablespace } = properties;
  return [
    `CREATE DATABASE ${identifier(name)} TEMPLATE template0 ALLOW_CONNECTIONS false OWNER ${identifier(owner)}`,
    `ENCODING ${literal(encoding)} LC_COLLATE ${literal(collate)} LC_CTYPE ${literal(ctype)}`,
    ...localeOptions(properties),
    ...(tablespace !== 'pg_default' && tablespaces.has(tablespace) ? [`TABLESPACE ${identifier(tablespace)}`] : []),
  ].join(' ');
}

function localeOptions({ localeProvider, locale }: Properties): string[] {
  if (localeProvider === 'libc' || locale === null) return [];
  return [
    `LOCALE_PROVIDER ${localeProvider}`,
    `${localeProvider === 'icu' ? 'ICU' : 'BUILTIN'}_LOCALE ${literal(locale)}`,
  ];
}

/** What a new database has and the original had not. */
export async function dropExtras(connection: Connection, { hasPublicSchema, extensions }: Properties): Promise<void> {
  const known = new Set(extensions.map((each) => each.name));
  const rows = await connection.query<{ extname: string }>('SELECT extname::text FROM pg_extension');
  for (const { extname } of rows)
    if (!known.has(extname)) await connection.query(`DROP EXTENSION ${identifier(extname)}`);
  if (!hasPublicSchema) await connection.query('DROP SCHEMA IF EXISTS public');
}

/** Privileges on the database and its settings: they belong to its oid and stay when it is renamed. */
export function propertyStatements(name: string, properties: Properties): string[] {
  return [...privilegeStatements(name, properties), ...settingStatements(name, properties)];
}

function privilegeStatements(name: string, { privileges, owner }: Properties): string[] {
  if (privileges === null) return [];
  const on = `ON DATABASE ${identifier(name)}`;
  return [
    `REVOKE ALL ${on} FROM PUBLIC, ${identifier(owner)}`,
    ...privileges.flatMap(({ grantee, grantor, privilege, grantable }) => {
      const to = grantee === null ? 'PUBLIC' : identifier(grantee);
      const grant = `GRANT ${privilege} ${on} TO ${to}${grantable ? ' WITH GRANT OPTION' : ''}`;
      return grantor === owner ? [grant] : [`SET LOCAL ROLE ${identifier(grantor)}`, grant, 'RESET ROLE'];
    }),
  ];
}

function settingStatements(name: string, { settings }: Properties): string[] {
  return settings.map(({ role, name: setting, value }) => {
    const whose =
      role === null ? `DATABASE ${identifier(name)}` : `ROLE ${identifier(role)} IN DATABASE ${identifier(name)}`;
    return `ALTER ${whose} SET ${identifier(setting)} TO ${settingValue(setting, value)}`;
  });
}

/** Settings that are lists of names are kept with each name quoted (GUC_LIST_QUOTE): quoted as a whole they would be one name. */
const QUOTED_LISTS = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

function settingValue(setting: string, value: string): string {
  if (!QUOTED_LISTS.has(setting.toLowerCase())) return literal(value);
  const names = [...value.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/g)].map(
    (match) => match[1]?.replaceAll('""', '"') ?? match[2] ?? '',
  );
  return names.length === 0 ? `''` : names.map((each) => literal(each)).join(', ');
}
