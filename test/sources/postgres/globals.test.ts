import { describe, expect, test } from 'vitest';
import { changedRoles, lacksPasswords, parseGlobals, statementsFor } from '../../../src/sources/postgres/globals.ts';
import { splitStatements } from '../../../src/sources/postgres/sql-text.ts';

const SCRIPT = String.raw`--
-- PostgreSQL database cluster dump
--

\restrict abc;def

SET client_encoding = 'UTF8';

CREATE ROLE app;
ALTER ROLE app WITH NOSUPERUSER LOGIN PASSWORD 'SCRAM-SHA-256$4096:x==$y:z=';
CREATE ROLE "odd; ""role"" -- 'x'";
ALTER ROLE "odd; ""role"" -- 'x'" WITH NOLOGIN;
COMMENT ON ROLE "odd; ""role"" -- 'x'" IS 'first; line
\restrict is text here
-- and this; is ''text'' too';
CREATE ROLE postgres;
ALTER ROLE postgres WITH SUPERUSER;

-- User Config "app"

ALTER ROLE app SET search_path TO 'a;b', 'c';

GRANT app TO "odd; ""role"" -- 'x'" WITH ADMIN OPTION GRANTED BY postgres;
GRANT pg_read_all_data TO app WITH INHERIT TRUE GRANTED BY gone;
CREATE TABLESPACE fast OWNER postgres LOCATION '/fast';
GRANT SET ON PARAMETER "work_mem" TO app;

\unrestrict abc;def

--
-- PostgreSQL database cluster dump complete
--
`;
const ODD = `odd; "role" -- 'x'`;

test('statements end at semicolons that are not in strings, names or comments', () => {
  const statements = splitStatements(SCRIPT);
  expect(statements).toHaveLength(13);
  expect(statements[5]).toContain(String.raw`\restrict is text here`);
  expect(statements.at(-1)).toBe('GRANT SET ON PARAMETER "work_mem" TO app');
});

describe('the script of pg_dumpall', () => {
  const globals = parseGlobals(SCRIPT);

  test('names its roles as SQL means them', () => {
    expect(globals.roles).toEqual(['app', ODD, 'postgres']);
    expect(globals.complete).toBe(true);
    expect(globals.statements.map((each) => each.kind).join(' ')).toBe(
      'other create role create role role create role role grant grant tablespace other',
    );
  });

  test('is incomplete without its last line', () => {
    expect(parseGlobals(SCRIPT.slice(0, SCRIPT.indexOf('complete'))).complete).toBe(false);
  });

  test('yields only what brings the missing roles back', () => {
    const statements = statementsFor(new Set(['app']), new Set(['postgres', 'pg_read_all_data']), globals);
    expect(statements).toEqual([
      'CREATE ROLE app',
      expect.stringMatching(/^ALTER ROLE app WITH .*PASSWORD/) as string,
      `ALTER ROLE app SET search_path TO 'a;b', 'c'`,
      'GRANT pg_read_all_data TO app WITH INHERIT TRUE', // whoever granted it is gone
    ]);
  });

  test('yields memberships between a missing role and an existing one', () => {
    const statements = statementsFor(new Set([ODD]), new Set(['app', 'postgres']), globals);
    expect(statements.filter((sql) => sql.startsWith('GRANT'))).toEqual([
      expect.stringMatching(/^GRANT app TO .*WITH ADMIN OPTION GRANTED BY postgres$/) as string,
    ]);
  });

  test('yields nothing when no role is missing', () => {
    expect(statementsFor(new Set(), new Set(globals.roles), globals)).toEqual([]);
  });
});

describe('roles that exist', () => {
  const globals = parseGlobals(SCRIPT);

  test.each([
    ['a password', `PASSWORD 'SCRAM`, `PASSWORD 'MD5`, ['app']],
    ['an attribute', 'WITH NOLOGIN', 'WITH LOGIN', [ODD]],
    ['a setting', `'a;b', 'c'`, `'d'`, ['app']],
    ['a membership', 'GRANT app TO', 'GRANT postgres TO', [ODD]],
    ['nothing', 'nothing', 'nothing', []],
  ])('differ by %s', (_what, from, to, roles) => {
    expect(changedRoles(globals, parseGlobals(SCRIPT.replace(from, to)))).toEqual(roles);
  });

  test('are not compared by passwords that were not saved', () => {
    const saved = parseGlobals(SCRIPT.replace(/ PASSWORD '.*?'/, ''));
    expect(lacksPasswords(saved)).toBe(true);
    expect(changedRoles(saved, globals)).toEqual([]);
  });
});
