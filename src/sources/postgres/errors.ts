import { escapeIdentifier } from 'pg';
import { BackupError, type ErrorDetails, type ErrorKind, reason, systemCode } from '../../base/errors.ts';
import type { Place } from './settings.ts';

/** A failure the server or the way to it reported. */
class PostgresError extends BackupError {
  /** SQLSTATE (PostgreSQL, "Error Codes"), or a system code such as ECONNREFUSED. */
  readonly code: string | undefined;

  constructor(message: string, details: ErrorDetails, code: string | undefined) {
    super(message, details);
    this.name = 'PostgresError';
    this.code = code;
  }
}

interface Meaning {
  readonly kind: ErrorKind;
  readonly hint?: (place: Place) => string;
  readonly retrySafe?: boolean;
}

const UNREACHABLE: Meaning = {
  kind: 'unreachable',
  retrySafe: true,
  hint: ({ settings }) => `start the server, or check POSTGRES_HOST and POSTGRES_PORT (now ${address(settings)})`,
};
const WRONG_LOGIN: Meaning = {
  kind: 'denied',
  hint: ({ login }) =>
    `check ${login.variables.user} and ${login.variables.password} (or ${login.variables.password}_FILE)`,
};

const MEANINGS: Readonly<Record<string, Meaning>> = {
  '28P01': WRONG_LOGIN,
  '28000': WRONG_LOGIN,
  SASL: WRONG_LOGIN,
  '42501': {
    kind: 'denied',
    hint: ({ login, database }) =>
      `GRANT CONNECT ON DATABASE ${escapeIdentifier(database)} TO ${escapeIdentifier(login.user)}; what else it lacks: physics-backup doctor postgres`,
  },
  '22021': {
    kind: 'failed',
    hint: () => 'names and comments in the database must be in its own encoding: rename what is not',
  },
  '3D000': { kind: 'missing', hint: () => 'check POSTGRES_DB, or bring it back: physics-backup recover latest' },
  '53100': { kind: 'no-space', hint: () => 'make room on the disk of the database server' },
  '53200': {
    kind: 'failed',
    hint: () =>
      'if it is shared memory: raise max_locks_per_transaction, as there are many tables, and restart the server',
  },
  '53300': {
    kind: 'unreachable',
    retrySafe: true,
    hint: () =>
      'close connections, or raise max_connections, or CONNECTION LIMIT of the role or database (a backup needs 3)',
  },
  // it does not accept connections: as a swap leaves it that was killed half-way
  '55000': {
    kind: 'failed',
    hint: ({ database }) =>
      `if a recovery was interrupted: physics-backup recover resume; else ALTER DATABASE ${escapeIdentifier(database)} ALLOW_CONNECTIONS true;`,
  },
  '55P03': { kind: 'timeout', retrySafe: true, hint: () => 'see pg_locks and pg_stat_activity for who holds the lock' },
  '57P03': { ...UNREACHABLE, hint: () => 'wait until the server has started' },
  '58P01': { kind: 'missing' },
};

/** Class 08: connection exceptions; 57P01 and 57P02: the server is being shut down. */
const LOST = /^(08...|57P0[12]|E[A-Z_]{4,})$/;

/** What the driver threw, for the person who has to act. Branches on the code, never on the text. */
export function databaseError(thrown: unknown, place: Place): BackupError {
  if (thrown instanceof BackupError) return thrown;
  const code = codeOf(thrown);
  const meaning = meaningOf(code);
  const hint = meaning.hint?.(place);
  return new PostgresError(
    `postgres: ${describe(place, meaning)}: ${reason(thrown) || (code ?? 'unknown error')}`,
    {
      kind: meaning.kind,
      retrySafe: meaning.retrySafe ?? false,
      cause: thrown,
      ...(hint === undefined ? {} : { hint }),
    },
    code,
  );
}

/** Whether the thrown error carries one of these codes. */
export function hasCode(thrown: unknown, ...codes: readonly string[]): boolean {
  return thrown instanceof PostgresError && thrown.code !== undefined && codes.includes(thrown.code);
}

/** The driver's errors before the server said anything have no SQLSTATE: of those only its SASL ones are about the password. */
function codeOf(thrown: unknown): string | undefined {
  const code = systemCode(thrown);
  if (code !== undefined) return code;
  const text = reason(thrown);
  if (text.startsWith('SASL')) return 'SASL';
  return /^(Connection terminated|timeout expired)/.test(text) ? '08006' : undefined;
}

function meaningOf(code: string | undefined): Meaning {
  if (code === undefined) return { kind: 'failed' };
  return MEANINGS[code] ?? (LOST.test(code) ? UNREACHABLE : { kind: 'failed' });
}

function describe({ settings, login, database }: Place, { kind }: Meaning): string {
  if (kind === 'unreachable') return `the server at ${address(settings)} is not reachable`;
  if (kind === 'denied') return `role "${login.user}" is refused`;
  if (kind === 'missing') return `the server at ${address(settings)}`;
  return `database "${database}"`;
}

export function address({ host, port }: Place['settings']): string {
  return `${host}:${port}`;
}
