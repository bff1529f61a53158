import path from 'node:path';
import { isCron } from './cron.ts';

/** How the text of a variable becomes a value. Undefined: the text is not allowed. */
export interface Kind<T> {
  /** What is allowed, in words that end the sentence "allowed: …". */
  readonly allowed: string;
  parse(text: string): T | undefined;
}

/** Any text on one line. */
export const text: Kind<string> = {
  allowed: 'text on one line',
  parse: (value) => (/[\r\n\0]/.test(value) ? undefined : value),
};

const WORDS: Readonly<Record<string, boolean>> = { true: true, yes: true, 1: true, false: false, no: false, 0: false };

export const boolean: Kind<boolean> = {
  allowed: 'true, yes, 1, false, no or 0',
  parse: (value) => WORDS[value.toLowerCase()],
};

export function integer(min: number, max: number, unit = ''): Kind<number> {
  const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`;
  return {
    allowed: `a whole number${unit === '' ? '' : ` of ${unit}`}, ${range}`,
    parse: (value) => {
      const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
      return number >= min && number <= max ? number : undefined;
    },
  };
}

export function choice<const T extends string>(...words: readonly T[]): Kind<T> {
  return {
    allowed: words.join(', '),
    parse: (value) => words.find((word) => word === value.toLowerCase()),
  };
}

/** Several of the words, separated by commas, each once. */
export function choices<const T extends string>(...words: readonly T[]): Kind<readonly T[]> {
  return {
    allowed: `one or more of ${words.join(', ')}, separated by commas`,
    parse: (value) => {
      const named = value.split(',').map((each) => each.trim());
      const known = named.flatMap((name) => words.filter((word) => word === name));
      return known.length === named.length && new Set(known).size === known.length ? known : undefined;
    },
  };
}

/** As `choices`, or the word `none`: nobody can set a variable to nothing (an empty one counts as not set). */
export function choicesOrNone<const T extends string>(...words: readonly T[]): Kind<readonly T[]> {
  const some = choices(...words);
  return { allowed: `none, or ${some.allowed}`, parse: (value) => (value.trim() === 'none' ? [] : some.parse(value)) };
}

export const directory: Kind<string> = {
  allowed: 'an absolute path',
  parse: (value) => (path.isAbsolute(value) && text.parse(value) !== undefined ? path.normalize(value) : undefined),
};

/** A directory of the application and the name it has in backups. */
export interface NamedPath {
  readonly name: string;
  readonly path: string;
}

export const namedPaths: Kind<readonly NamedPath[]> = {
  allowed: 'directories by name, e.g. uploads=/srv/uploads,models=/srv/models (absolute paths, each name once)',
  parse: (value) => {
    const pairs = value.split(',').map((pair) => /^([A-Za-z0-9][\w.-]*)=(.+)$/s.exec(pair.trim()));
    const paths = pairs.map((pair) => directory.parse(pair?.[2]?.trim() ?? ''));
    const names = new Set(pairs.map((pair) => pair?.[1]));
    if (paths.includes(undefined) || names.size !== pairs.length) return undefined;
    return pairs.map((pair, index) => ({ name: pair?.[1] ?? '', path: paths[index] ?? '' }));
  },
};

/** A program and its arguments as JSON: nothing has to be quoted, and no shell takes it apart. */
export const command: Kind<readonly [string, ...string[]]> = {
  allowed: 'a JSON array of a program and its arguments, e.g. ["systemctl","stop","neo4j"]',
  parse: (value) => {
    const words = parsed(value);
    const isWords = Array.isArray(words) && words.every((each) => typeof each === 'string');
    const [file, ...args] = isWords ? words : [];
    return file === undefined || file === '' ? undefined : [file, ...args];
  },
};

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}

/** What is asked of strangers and sent in a header. */
export const token: Kind<string> = {
  allowed: '16 or more characters without spaces',
  parse: (value) => (/^[\x21-\x7e]{16,512}$/.test(value) ? value : undefined),
};

export const httpsUrl: Kind<string> = {
  allowed: 'an https:// address',
  parse: (value) => (URL.canParse(value) && new URL(value).protocol === 'https:' ? value : undefined),
};

/** An address inside a network of one's own; a password may not stand in it. */
export const httpUrl: Kind<string> = {
  allowed: 'an http:// or https:// address without a password',
  parse: (value) => {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    const isOurs = url?.protocol === 'http:' || url?.protocol === 'https:';
    return isOurs && url.username === '' && url.password === '' ? value : undefined;
  },
};

/** The word for no schedule at all, where there would be one unless set. */
export const OFF = 'off';

export const cron: Kind<string> = {
  allowed: 'a cron expression of five fields (minute hour day month weekday), e.g. "0 2 * * *", or off',
  parse: (value) => (isCron(value) || value === OFF ? value : undefined),
};

/** How stored bytes are compressed; `true` is the default algorithm. */
export const compression: Kind<'zstd' | 'gzip' | 'none'> = {
  allowed: 'true, zstd, gzip or false',
  parse: (value) => {
    const word = value.toLowerCase();
    if (word === 'zstd' || word === 'gzip') return word;
    if (word === 'none' || boolean.parse(word) === false) return 'none';
    return boolean.parse(word) === true ? 'zstd' : undefined;
  },
};
