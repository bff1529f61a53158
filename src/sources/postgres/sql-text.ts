/**
 * The statements of a script written by pg_dumpall: strings with doubled quotes, quoted names, `--` comments and
 * commands of psql (`\restrict`), which are left out; no dollar quotes.
 */
export function splitStatements(script: string): string[] {
  const statements: string[] = [];
  let start = 0;
  for (const { index, 0: token } of script.matchAll(TOKENS)) {
    if (token === ';') {
      statements.push(script.slice(start, index).trim());
      start = index + 1;
    } else if (isSkipped(token) && script.slice(start, index).trim() === '') start = index + token.length;
  }
  return statements;
}

const TOKENS = /--[^\n]*|^\\[^\n]*|'(?:[^']|'')*'|"(?:[^"]|"")*"|;/gm;

function isSkipped(token: string): boolean {
  return token.startsWith('--') || token.startsWith('\\');
}

/** A name as a regular expression. */
export const NAME = String.raw`("(?:[^"]|"")+"|[^\s;",]+)`;

/** The name that SQL means: unquoted. */
export function unquoteName(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
