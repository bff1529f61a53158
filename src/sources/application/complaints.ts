import { member } from './create.ts';
import type { Tree } from './settings.ts';

/** What tar said of the files it could not archive as they are; it goes on after each (`--ignore-failed-read`). */
export interface Complaints {
  /** Files that changed, shrank or vanished while they were read. */
  readonly changed: readonly string[];
  readonly unreadable: readonly string[];
  readonly sockets: readonly string[];
  /** Lines that are none of these. */
  readonly others: readonly string[];
}

const PATTERNS = {
  changed:
    /^\S*tar: (.*): (?:file changed as we read it|File removed before we read it|File shrank by \d+ bytes; padding with zeros)$/,
  unreadable: /^\S*tar: (.*): Warning: (?:Cannot [^:]*|Read error[^:]*): .*$/,
  sockets: /^\S*tar: (.*): socket ignored$/,
} as const;

/** Parses tar's messages (LC_ALL=C, `--quoting-style=escape`); names get the tree's name for its directory. */
export function parseComplaints(stderr: string, trees: readonly Tree[]): Complaints {
  const lines = stderr.split('\n').filter((line) => line !== '' && !/Exiting with failure status/.test(line));
  const matching = (pattern: RegExp): string[] => [
    ...new Set(lines.flatMap((line) => pattern.exec(line)?.[1] ?? []).map((name) => renamed(name, trees))),
  ];
  const known = Object.values(PATTERNS);
  return {
    changed: matching(PATTERNS.changed),
    unreadable: matching(PATTERNS.unreadable),
    sockets: matching(PATTERNS.sockets),
    others: lines.filter((line) => !known.some((pattern) => pattern.test(line))),
  };
}

function renamed(name: string, trees: readonly Tree[]): string {
  const tree = trees.find((each) => `${name}/`.startsWith(`${member(each)}/`));
  return tree === undefined ? name : `${tree.name}${name.slice(member(tree).length)}`;
}

/** More names than this only make a manifest unreadable. */
const MOST = 200;

export function complaintWarnings({ changed, unreadable, sockets, others }: Complaints): string[] {
  return [
    ...named(changed, 'changed while it was read'),
    ...named(unreadable, 'could not be read and is not in the backup'),
    ...named(sockets, 'is a socket and is not in the backup'),
    ...others.slice(0, MOST).map((line) => line.replace(/^\S*tar: /, '')),
  ];
}

function named(names: readonly string[], what: string): string[] {
  const more = names.length > MOST ? [`${names.length - MOST} more: ${what}`] : [];
  return [...names.slice(0, MOST).map((name) => `${name} ${what}`), ...more];
}
