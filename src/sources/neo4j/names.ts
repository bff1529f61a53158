/**
 * What a name between backticks, or a string between quotes, must not hold as it is. NUL may: cypher-shell 5.26 takes
 * its escape for six characters.
 */
const CONTROL = '\\u0001-\\u001f\\u007f-\\u009f\\u2028\\u2029\\ufeff';
const SPECIAL_IN_NAME = new RegExp(`[\`\\\\${CONTROL}]`, 'g');
const SPECIAL_IN_STRING = new RegExp(`['\\\\${CONTROL}]`, 'g');
const SPECIAL = new RegExp(`['\\\\${CONTROL}]`);

const CACHE_LIMIT = 10_000;
const quoted = new Map<string, string>();

/**
 * A label, relationship type or property key between backticks, on one line. Cypher replaces `\uXXXX` before it reads
 * tokens (Cypher manual, "Escape characters"), so a backslash of the name itself is written that way too.
 */
export function quoteName(name: string): string {
  const known = quoted.get(name);
  if (known !== undefined) return known;
  if (quoted.size >= CACHE_LIMIT) quoted.clear();
  const text = `\`${escapeName(name)}\``;
  quoted.set(name, text);
  return text;
}

/** The inside of a quoted name. */
export function escapeName(name: string): string {
  return name.replaceAll(SPECIAL_IN_NAME, (char) => (char === '`' ? '``' : unicodeEscape(char)));
}

/** The name that `quoteName` quoted; the text is what stands between the outer backticks. */
export function unquoteName(text: string): string {
  return text.replaceAll('``', '`').replaceAll(/\\u([0-9A-F]{4})/g, (_, hex: string) => fromHex(hex));
}

/** A string literal on one line. */
export function quoteString(value: string): string {
  if (!SPECIAL.test(value)) return `'${value}'`;
  return `'${value.replaceAll(SPECIAL_IN_STRING, escapeChar)}'`;
}

/** The string that `quoteString` quoted; the text is what stands between the quotes. */
export function unquoteString(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replaceAll(/\\(?:u([0-9A-F]{4})|(.))/g, (_, hex: string | undefined, char: string | undefined) =>
    hex === undefined ? (PLAIN[char ?? ''] ?? char ?? '') : fromHex(hex),
  );
}

const PLAIN: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
const ESCAPES: Readonly<Record<string, string>> = {
  "'": "\\'",
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function escapeChar(char: string): string {
  return ESCAPES[char] ?? unicodeEscape(char);
}

function unicodeEscape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function fromHex(hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16));
}
