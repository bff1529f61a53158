import { BackupError } from '../../base/errors.ts';
import type { Context, ReadableBackup } from '../../model/source.ts';
import { type Connection, identifier } from './connection.ts';
import { globalsCommand } from './dump.ts';
import { changedRoles, type Globals, lacksPasswords, parseGlobals } from './globals.ts';
import type { Properties } from './properties.ts';
import { existingRoles } from './roles.ts';
import { assertRoom } from './room.ts';
import { assertNotOlder, parseVersion, serverVersion, toolVersion } from './tools.ts';

/** What a restore into this server will do, decided before anything is created. */
export interface Admission {
  readonly system: string;
  readonly superuser: boolean;
  readonly missingRoles: ReadonlySet<string>;
  readonly tablespaces: ReadonlySet<string>;
  /** Names of all databases. */
  readonly databases: ReadonlySet<string>;
  readonly warnings: readonly string[];
}

interface Target {
  readonly system: string;
  readonly superuser: boolean;
  readonly createdb: boolean;
  readonly createrole: boolean;
  readonly recovering: boolean;
  readonly databases: string[];
  readonly tablespaces: string[];
}

/** Fails with the reason when the restore cannot succeed on this server; nothing is changed. */
export async function admit(
  connection: Connection,
  backup: ReadableBackup,
  properties: Properties,
  globals: Globals,
  context: Context,
): Promise<Admission> {
  await assertVersions(connection, backup, context);
  const target = await lookAt(connection);
  const existing = await existingRoles(connection);
  const missingRoles = new Set(globals.roles.filter((role) => !existing.has(role)));
  assertRights(connection, target, properties, missingRoles, existing);
  await assertMember(connection, target, properties, existing);
  const warnings = await assertExtensions(connection, properties);
  await assertRoom(connection, properties.bytes);
  const tablespaces = new Set(target.tablespaces);
  return {
    system: target.system,
    superuser: target.superuser,
    missingRoles: target.createrole || target.superuser ? missingRoles : new Set(),
    tablespaces,
    databases: new Set(target.databases),
    warnings: [
      ...warnings,
      ...otherDatabase(connection, properties),
      ...(await leftSlots(connection)),
      ...missingTablespaces(properties, tablespaces),
      ...(await roleWarnings(connection, globals, missingRoles, target.superuser, context)),
    ],
  };
}

async function lookAt(connection: Connection): Promise<Target> {
  return await connection.one<Target & Record<string, unknown>>(`
    SELECT (SELECT system_identifier::text FROM pg_control_system()) AS system,
           rolsuper AS superuser, rolcreatedb AS createdb, rolcreaterole AS createrole, pg_is_in_recovery() AS recovering,
           ARRAY(SELECT datname::text FROM pg_database) AS databases, ARRAY(SELECT spcname::text FROM pg_tablespace) AS tablespaces
      FROM pg_roles WHERE rolname = current_user`);
}

async function assertVersions(connection: Connection, { versions }: ReadableBackup, context: Context): Promise<void> {
  const server = await serverVersion(connection);
  const captured = parseVersion(versions['server'] ?? server.text);
  assertNotOlder(
    'pg_restore',
    await toolVersion('pg_restore', context),
    "the backup's pg_dump",
    parseVersion(versions['pg_dump'] ?? '0'),
  );
  if (server.major >= captured.major) return;
  throw new BackupError(`postgres: the server is version ${server.text}, the backup is of ${captured.text}`, {
    kind: 'too-old',
    hint: `restore into PostgreSQL ${captured.major} or newer`,
  });
}

function assertRights(
  { place }: Connection,
  target: Target,
  { roles }: Properties,
  missing: ReadonlySet<string>,
  existing: ReadonlySet<string>,
): void {
  const role = identifier(place.login.user);
  if (target.recovering)
    throw new BackupError('postgres: the server is a standby, which only reads', {
      kind: 'failed',
      hint: 'restore into its primary',
    });
  if (target.superuser) return;
  const orSuperuser = 'or give POSTGRES_SUPERUSER and POSTGRES_PASSWORD';
  if (!target.createdb)
    throw new BackupError(`postgres: role ${role} may not create databases`, {
      kind: 'denied',
      hint: `ALTER ROLE ${role} CREATEDB; ${orSuperuser}`,
    });
  const needed = roles.filter((each) => missing.has(each) && !existing.has(each));
  if (needed.length > 0 && !target.createrole)
    throw new BackupError(
      `postgres: role ${role} may not create the missing roles ${needed.map(identifier).join(', ')}`,
      {
        kind: 'denied',
        hint: `ALTER ROLE ${role} CREATEROLE; ${orSuperuser}`,
      },
    );
}

/** Only a superuser may give objects to roles that it is not a member of. */
async function assertMember(
  connection: Connection,
  { superuser }: Target,
  { owners }: Properties,
  existing: ReadonlySet<string>,
): Promise<void> {
  if (superuser) return;
  const role = identifier(connection.place.login.user);
  const rows = await connection.query<{ rolname: string }>(
    `SELECT rolname::text FROM pg_roles WHERE rolname = ANY($1) AND NOT pg_has_role(current_user, oid, 'MEMBER')`,
    [owners],
  );
  const foreign = [...rows.map((row) => row.rolname), ...owners.filter((owner) => !existing.has(owner))];
  if (foreign.length === 0) return;
  throw new BackupError(`postgres: role ${role} may not give objects to ${foreign.map(identifier).join(', ')}`, {
    kind: 'denied',
    hint: `GRANT ${foreign.map(identifier).join(', ')} TO ${role}; or give POSTGRES_SUPERUSER and POSTGRES_PASSWORD`,
  });
}

/** Resolves with warnings about extensions that come in another version. */
async function assertExtensions(connection: Connection, { extensions }: Properties): Promise<string[]> {
  const rows = await connection.query<{ name: string; version: string }>(
    'SELECT name::text, default_version AS version FROM pg_available_extensions',
  );
  const available = new Map(rows.map(({ name, version }) => [name, version]));
  const missing = extensions.filter(({ name }) => !available.has(name)).map(({ name }) => name);
  if (missing.length > 0)
    throw new BackupError(`postgres: the server lacks the extensions ${missing.join(', ')}`, {
      kind: 'missing',
      hint: `install the packages that bring them on the database server (${missing.map((each) => `${each}.control`).join(', ')})`,
    });
  return extensions
    .filter(({ name, version }) => available.get(name) !== version)
    .map(({ name, version }) => `extension ${name} is ${available.get(name)} here, it was ${version}`);
}

function otherDatabase({ place }: Connection, { database }: Properties): string[] {
  const { database: live } = place.settings;
  return database === live ? [] : [`the backup is of database "${database}", it is restored as "${live}"`];
}

/** They belong to the database that is replaced, and cannot be moved: their subscribers come to nothing. */
async function leftSlots(connection: Connection): Promise<string[]> {
  const slots = await connection.query<{ name: string }>(
    'SELECT slot_name::text AS name FROM pg_replication_slots WHERE database = $1 ORDER BY 1',
    [connection.place.settings.database],
  );
  if (slots.length === 0) return [];
  return [
    `replication slots ${slots.map((each) => each.name).join(', ')} stay with the database that is replaced: set their subscribers up anew`,
  ];
}

function missingTablespaces({ tablespaces }: Properties, present: ReadonlySet<string>): string[] {
  const missing = tablespaces.filter((each) => !present.has(each));
  return missing.length === 0
    ? []
    : [`tablespaces ${missing.join(', ')} are missing: everything goes into the default one`];
}

async function roleWarnings(
  { place }: Connection,
  globals: Globals,
  missing: ReadonlySet<string>,
  superuser: boolean,
  { processes, signal }: Context,
): Promise<string[]> {
  const { stdout } = await processes.run(globalsCommand(place, superuser), signal);
  const changed = changedRoles(globals, parseGlobals(stdout));
  return [
    ...changed.map((role) => `role ${identifier(role)} differs from the backup's: left as it is`),
    ...(missing.size > 0 && lacksPasswords(globals)
      ? ['the roles were saved without passwords: set them before they log in']
      : []),
  ];
}
