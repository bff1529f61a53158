import { BackupError, type ErrorKind, reason, systemCode } from '../../base/errors.ts';
import type { Neo4jAddress } from './settings.ts';

interface Meaning {
  readonly kind: ErrorKind;
  readonly what: (address: Neo4jAddress) => string;
  readonly hint?: (address: Neo4jAddress) => string;
  readonly retrySafe?: boolean;
}

const UNREACHABLE: Meaning = {
  kind: 'unreachable',
  what: (address) => `the server at ${place(address)} is not reachable`,
  hint: (address) => `start the server, or check NEO4J_HOST and NEO4J_PORT (now ${place(address)})`,
  retrySafe: true,
};

const MEANINGS: Readonly<Record<string, Meaning>> = {
  ServiceUnavailable: UNREACHABLE,
  SessionExpired: UNREACHABLE,
  'Neo.ClientError.Security.Unauthorized': {
    kind: 'denied',
    what: ({ user }) => `user "${user}" is refused`,
    hint: () =>
      'check NEO4J_USER and NEO4J_PASSWORD (or NEO4J_PASSWORD_FILE) before trying again: three wrong logins lock the user out for a while',
  },
  'Neo.ClientError.Security.AuthenticationRateLimit': {
    kind: 'denied',
    what: ({ user }) => `user "${user}" is locked out for a while`,
    hint: () => 'wait a minute (dbms.security.auth_lock_time), with the right NEO4J_PASSWORD set everywhere',
  },
  'Neo.ClientError.Security.CredentialsExpired': {
    kind: 'denied',
    what: ({ user }) => `the password of user "${user}" must be changed first`,
    hint: () => "ALTER CURRENT USER SET PASSWORD FROM '…' TO '…'; in database system",
  },
  'Neo.ClientError.Database.DatabaseNotFound': {
    kind: 'missing',
    what: ({ database }) => `database "${database}" does not exist`,
    hint: () => 'check NEO4J_DATABASE',
  },
  'Neo.TransientError.General.DatabaseUnavailable': {
    kind: 'unreachable',
    what: ({ database }) => `database "${database}" is not available`,
    hint: () => 'see SHOW DATABASES and the log of the server for why',
    retrySafe: true,
  },
};

/** What the driver threw, for the person who has to act. Branches on the code, never on the text. */
export function graphError(thrown: unknown, address: Neo4jAddress): BackupError {
  if (thrown instanceof BackupError) return thrown;
  const meaning = MEANINGS[systemCode(thrown) ?? ''];
  if (meaning === undefined)
    return new BackupError(`neo4j: database "${address.database}": ${reason(thrown)}`, {
      kind: 'failed',
      cause: thrown,
    });
  const { kind, what, hint, retrySafe = false } = meaning;
  const details = { kind, retrySafe, cause: thrown, ...(hint === undefined ? {} : { hint: hint(address) }) };
  return new BackupError(`neo4j: ${what(address)}: ${reason(thrown)}`, details);
}

export function place({ host, port }: Neo4jAddress): string {
  return `${host}:${port}`;
}
