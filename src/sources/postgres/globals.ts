import { NAME, splitStatements, unquoteName } from './sql-text.ts';

/** One statement of `pg_dumpall --globals-only`. */
interface GlobalStatement {
  readonly kind: 'create' | 'role' | 'grant' | 'tablespace' | 'other';
  /** The role it is about; of a grant, the role and its new member, then who granted it. */
  readonly roles: readonly string[];
  readonly sql: string;
}

export interface Globals {
  readonly statements: readonly GlobalStatement[];
  /** Names of the roles it creates. */
  readonly roles: readonly string[];
  /** False when the script was cut. */
  readonly complete: boolean;
}

const COMPLETE = '-- PostgreSQL database cluster dump complete';

const FORMS: readonly [GlobalStatement['kind'], RegExp][] = [
  ['create', new RegExp(`^CREATE ROLE ${NAME}$`, 's')],
  ['role', new RegExp(`^(?:ALTER|COMMENT ON|SECURITY LABEL .*?ON) ROLE ${NAME}\\s`, 's')],
  ['grant', new RegExp(`^GRANT ${NAME} TO ${NAME}(?: WITH [A-Z ,]+?)?(?: GRANTED BY ${NAME})?$`, 's')],
  ['tablespace', new RegExp(`^(?:CREATE|ALTER|COMMENT ON) TABLESPACE ${NAME}`, 's')],
];

/** Takes apart what pg_dumpall wrote. */
export function parseGlobals(script: string): Globals {
  const statements = splitStatements(script).map(classify);
  const roles = statements.filter((each) => each.kind === 'create').flatMap((each) => each.roles);
  return { statements, roles, complete: script.includes(COMPLETE) };
}

function classify(sql: string): GlobalStatement {
  for (const [kind, form] of FORMS) {
    const match = form.exec(sql);
    if (match !== null)
      return {
        kind,
        sql,
        roles: match
          .slice(1)
          .filter((name) => name !== undefined)
          .map(unquoteName),
      };
  }
  return { kind: 'other', roles: [], sql };
}

/** The statements that bring the missing roles back: existing roles are neither made nor changed. */
export function statementsFor(
  missing: ReadonlySet<string>,
  existing: ReadonlySet<string>,
  { statements }: Globals,
): string[] {
  const present = new Set([...existing, ...missing]);
  return statements
    .filter(({ kind, roles }) => {
      if (kind === 'grant')
        return (
          roles.slice(0, 2).some((role) => missing.has(role)) && roles.slice(0, 2).every((role) => present.has(role))
        );
      return (kind === 'create' || kind === 'role') && roles.some((role) => missing.has(role));
    })
    .map(({ kind, roles, sql }) => (kind === 'grant' && !present.has(roles[2] ?? '') ? withoutGrantor(sql) : sql));
}

function withoutGrantor(sql: string): string {
  return sql.replace(new RegExp(` GRANTED BY ${NAME}$`), '');
}

const PASSWORD = / PASSWORD '(?:[^']|'')*'/;

/** Roles that both scripts have, with other attributes, password, settings or memberships. */
export function changedRoles(backup: Globals, live: Globals): string[] {
  const withPasswords = backup.statements.some((each) => PASSWORD.test(each.sql));
  return backup.roles.filter(
    (role) =>
      live.roles.includes(role) &&
      descriptionOf(role, backup, withPasswords) !== descriptionOf(role, live, withPasswords),
  );
}

/** Whether a role that may log in has no password in the script. */
export function lacksPasswords({ statements }: Globals): boolean {
  return !statements.some((each) => PASSWORD.test(each.sql));
}

function descriptionOf(role: string, { statements }: Globals, withPasswords: boolean): string {
  const own = statements.filter(
    ({ kind, roles }) => (kind === 'role' && roles[0] === role) || (kind === 'grant' && roles[1] === role),
  );
  const texts = own.map(({ sql }) => (withPasswords ? sql : sql.replace(PASSWORD, '')));
  return texts.toSorted().join(';');
}
