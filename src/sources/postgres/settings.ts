/** Where the database is and who works on it (the deployment guide's POSTGRES_* variables). */
export interface PostgresSettings {
  /** Host name, address, or directory of a unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** The role that captures, and that restores where no superuser is given. */
  readonly user: string;
  readonly password?: string | undefined;
  /** The role that reads roles with their passwords, and restores. */
  readonly superuser?: string | undefined;
  readonly superuserPassword?: string | undefined;
}

/** One role and its password, with the variable that a hint names. */
export interface Login {
  readonly user: string;
  readonly password: string | undefined;
  readonly variables: { readonly user: string; readonly password: string };
}

/** One database of the server, seen by one role. */
export interface Place {
  readonly settings: PostgresSettings;
  readonly login: Login;
  readonly database: string;
}

function userLogin(settings: PostgresSettings): Login {
  const variables = { user: 'POSTGRES_USER', password: 'PHYSICS_DB_PASSWORD' };
  return { user: settings.user, password: settings.password, variables };
}

/** The superuser where one is given, else undefined. */
export function superuserLogin(settings: PostgresSettings): Login | undefined {
  const { superuser: user, superuserPassword: password } = settings;
  if (user === undefined) return undefined;
  return { user, password, variables: { user: 'POSTGRES_SUPERUSER', password: 'POSTGRES_PASSWORD' } };
}

/** Who restores: the superuser where one is given, else the role itself. */
export function restoringLogin(settings: PostgresSettings): Login {
  return superuserLogin(settings) ?? userLogin(settings);
}

/** The database to capture, as the role that captures. */
export function capturePlace(settings: PostgresSettings): Place {
  return { settings, login: userLogin(settings), database: settings.database };
}

/** `postgres`, from where databases are created, renamed and dropped; another one where that is the one to restore. */
export function maintenancePlace(settings: PostgresSettings, login = restoringLogin(settings)): Place {
  return { settings, login, database: settings.database === 'postgres' ? 'template1' : 'postgres' };
}

/** With which a session begins, so that the time limit of a database cannot even end the statement that lifts it. */
export const NO_STATEMENT_TIMEOUT = '-c statement_timeout=0';

/**
 * Environment of PostgreSQL's own programs (libpq, "Environment Variables"): the password is never an argument.
 * The database goes here too: as an argument, a name with `=` would be taken for a connection string.
 */
export function clientEnvironment({ settings, login, database }: Place): Record<string, string> {
  return {
    PGHOST: settings.host,
    PGPORT: String(settings.port),
    PGUSER: login.user,
    PGDATABASE: database,
    PGCONNECT_TIMEOUT: '15',
    PGAPPNAME: 'physics-backup',
    LC_ALL: 'C.UTF-8',
    ...(login.password === undefined ? {} : { PGPASSWORD: login.password }),
  };
}
