/** A line `KEY=value` of a file that a shell could source. */
interface Assignment {
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

export interface ShellFile {
  readonly assignments: readonly Assignment[];
  /** What is no assignment, one message each; they name lines and never repeat values. */
  readonly problems: readonly { readonly line: number; readonly message: string }[];
}

/**
 * Reads `KEY=value` lines as a shell would: comments, single and double quotes, backslashes, `export`. What a shell
 * would do beyond assigning a literal (expand `$X`, run a command) is a problem, so that no value is ever guessed.
 */
export function parseShellFile(content: string): ShellFile {
  const assignments: Assignment[] = [];
  const problems: { line: number; message: string }[] = [];
  for (const [index, raw] of content.split('\n').entries()) {
    const parsed = parseLine(raw.replace(/\r$/, '').trim());
    if (parsed === undefined) continue;
    if (typeof parsed === 'string') problems.push({ line: index + 1, message: parsed });
    else assignments.push({ ...parsed, line: index + 1 });
  }
  return { assignments, problems };
}

/** Undefined for a line without content, a string for what is wrong with it. */
function parseLine(line: string): { key: string; value: string } | string | undefined {
  if (line === '' || line.startsWith('#')) return undefined;
  const [, key, rest] = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line) ?? [];
  if (key === undefined || rest === undefined) return 'is not KEY=value (no spaces around "=")';
  const value = parseWord(rest);
  return value.problem === undefined ? { key, value: value.text } : `${key}: ${value.problem}`;
}

interface Word {
  readonly text: string;
  readonly problem?: string;
}

const PIECES: readonly {
  readonly pattern: RegExp;
  readonly text: (match: RegExpExecArray) => string;
}[] = [
  { pattern: /'([^']*)'/y, text: (match) => match[1] ?? '' },
  { pattern: /"((?:[^"\\$`]|\\.)*)"/y, text: (match) => (match[1] ?? '').replaceAll(/\\([\\"$`])/g, '$1') },
  { pattern: /\\(.)/y, text: (match) => match[1] ?? '' },
  { pattern: /[^\s'"\\$`;&|<>()]+/y, text: (match) => match[0] },
];

/** Pieces of a word without space between them, then nothing or a comment. */
function parseWord(rest: string): Word {
  let text = '';
  let position = 0;
  for (;;) {
    const piece = pieceAt(rest, position);
    if (piece === undefined) break;
    text += piece.text;
    position = piece.end;
  }
  const after = rest.slice(position);
  if (/^(\s+#.*|\s*)$/.test(after)) return { text };
  return { text: '', problem: problemAt(after) };
}

function pieceAt(rest: string, position: number): { text: string; end: number } | undefined {
  for (const { pattern, text } of PIECES) {
    pattern.lastIndex = position;
    const match = pattern.exec(rest);
    if (match !== null) return { text: text(match), end: pattern.lastIndex };
  }
  return undefined;
}

function problemAt(after: string): string {
  if (/^["']/.test(after)) {
    return /[$`]/.test(after) ? '"$" and "`" are not expanded here: use single quotes' : 'a quote is not closed';
  }
  if (/^[$`]/.test(after)) return '"$" and "`" are not expanded here: use single quotes';
  if (/^\s/.test(after)) return 'a value with spaces needs quotes';
  return `the character "${after.slice(0, 1)}" needs quotes`;
}
