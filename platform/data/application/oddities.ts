import { execFile } from 'node:child_process';
import { chmod, lchown, link, mkdir, open, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Content } from './content.ts';

/** Names that break shell scripts, archives and lists; composed and decomposed forms are different files. */
const NAMES = [
  'Caf\u00e9.txt',
  'Cafe\u0301.txt',
  '実験 👩🏽‍🔬.md',
  'תוצאות-\u202Ertl.csv',
  'two\nlines.txt',
  '-rf',
  '--checkpoint-action=exec=false',
  ' leading and trailing ',
  `quote'd "twice" \\back\\slash $HOME \`x\`.txt`,
  'tab\there',
  '*.glob[1]?',
  '.hidden',
  `${'n'.repeat(251)}.txt`,
];

/** Makes one of everything a directory can hold, beneath `root`. */
export async function makeOddities(root: string, content: Content): Promise<void> {
  const at = (...parts: string[]): string => path.join(root, ...parts);
  await mkdir(at('odd', 'names'), { recursive: true });
  for (const name of NAMES) await writeFile(at('odd', 'names', name), content.document(name, 300));
  await makeDirectories(at, content);
  await makeLinks(at, content);
  await makeSparse(at('odd', 'sparse.bin'), content);
  await writeFile(at('odd', 'empty'), '');
  await promisify(execFile)('mkfifo', ['--', at('odd', 'fifo')]);
  await setModes(at, content);
  if (process.getuid?.() === 0) await setOwners(at);
}

type At = (...parts: string[]) => string;

async function makeDirectories(at: At, content: Content): Promise<void> {
  await mkdir(at('odd', 'empty directory'));
  const deep = at('odd', ...Array.from({ length: 12 }, (_, level) => `level ${level} with a name of some length`));
  await mkdir(deep, { recursive: true });
  await writeFile(path.join(deep, 'beyond the limit of old archives.txt'), content.document('deep', 1000));
}

async function makeLinks(at: At, content: Content): Promise<void> {
  await mkdir(at('odd', 'links'));
  await writeFile(at('odd', 'links', 'original'), content.document('original', 5000));
  await link(at('odd', 'links', 'original'), at('odd', 'links', 'hard link'));
  await link(at('odd', 'links', 'original'), at('odd', 'also a hard link'));
  await symlink('links/original', at('odd', 'relative'));
  await symlink(at('odd', 'empty'), at('odd', 'absolute'));
  await symlink('../nowhere/ü', at('odd', 'dangling'));
  await symlink('itself', at('odd', 'itself'));
  await symlink('links', at('odd', 'to a directory'));
}

/** Holes before, between and after two blocks of data. */
async function makeSparse(file: string, content: Content): Promise<void> {
  await using handle = await open(file, 'wx');
  await handle.write(content.binary('sparse 1', 4096), 0, 4096, 1 << 20);
  await handle.write(content.binary('sparse 2', 4096), 0, 4096, 3 << 20);
  await handle.truncate((4 << 20) + 17);
}

async function setModes(at: At, content: Content): Promise<void> {
  for (const mode of [0o400, 0o600, 0o644, 0o755, 0o666, 0o4755, 0o2640, 0o440]) {
    const file = at('odd', `mode ${mode.toString(8)}`);
    await writeFile(file, content.document(`mode ${mode}`, 100));
    await chmod(file, mode);
  }
  for (const mode of [0o2775, 0o1777, 0o700, 0o500]) {
    const directory = at('odd', `directory ${mode.toString(8)}`);
    await mkdir(directory);
    await writeFile(path.join(directory, 'inside'), content.document(`directory ${mode}`, 100));
    await chmod(directory, mode);
  }
}

/** Owners that need no names; only the superuser can give files away. */
async function setOwners(at: At): Promise<void> {
  await lchown(at('odd', 'links', 'original'), 1000, 1000);
  await lchown(at('odd', 'empty directory'), 12_345, 54_321);
  await lchown(at('odd', 'dangling'), 1000, 100);
  await lchown(at('odd', 'fifo'), 70, 70);
  await lchown(at('odd', 'names', '-rf'), 4_000_000_000, 4_000_000_001);
}
