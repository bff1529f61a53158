import type { Command } from '../../base/processes.ts';
import type { Context } from '../../model/source.ts';
import type { Tree } from './settings.ts';
import { CONTAINER_PREFIX } from './walk.ts';

export const KEPT_ERRORS = 1024 * 1024;

/** How the archive is made. */
export interface Creation {
  /** Hard links are stored as files of their own. */
  readonly separateLinks: boolean;
  readonly onSuccess: NonNullable<Command['onSuccess']>;
}

/**
 * One GNU tar of all trees, the tree's name in place of its directory. Exit code 1: some files changed.
 */
export function createCommand(trees: readonly Tree[], creation: Creation): Command {
  return {
    file: 'tar',
    args: [
      '--create',
      '--file=-',
      '--format=posix',
      '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime',
      '--sparse',
      '--xattrs',
      '--acls',
      '--numeric-owner',
      '--sort=name',
      '--quoting-style=escape',
      '--ignore-failed-read',
      ...(creation.separateLinks ? ['--hard-dereference'] : []),
      '--anchored',
      ...trees.map((tree) => `--exclude=${escaped(member(tree), /[*?[\\]/g)}/${CONTAINER_PREFIX}*`),
      ...trees.map(
        (tree) => `--transform=flags=rSh;s,^${escaped(member(tree), /[\\.*[^$,]/g)}\\(/\\|$\\),${tree.name}\\1,`,
      ),
      '--directory=/',
      '--',
      ...trees.map(member),
    ],
    env: { LC_ALL: 'C' },
    okCodes: [0, 1],
    keptErrors: KEPT_ERRORS,
    onSuccess: creation.onSuccess,
  };
}

/** As tar names it when it works from the root directory. */
export function member({ path }: Tree): string {
  return `.${path}`;
}

function escaped(text: string, special: RegExp): string {
  return text.replaceAll(special, String.raw`\$&`);
}

/**
 * Whether some file has names in several trees. tar would store the second as a link into the other tree, and the
 * trees may be restored to different file systems.
 */
export async function linksBetween(trees: readonly Tree[], { processes, signal }: Context): Promise<boolean> {
  if (trees.length < 2) return false;
  const owners = new Map<string, string>();
  for (const { name, path } of trees) {
    const args = [path, '-type', 'f', '-links', '+1', '-printf', '%D:%i\\n'];
    const { stdout } = await processes.run({ file: 'find', args, okCodes: [0, 1] }, signal);
    for (const inode of stdout.split('\n').filter(Boolean)) {
      if ((owners.get(inode) ?? name) !== name) return true;
      owners.set(inode, name);
    }
  }
  return false;
}
