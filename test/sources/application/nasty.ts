import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A name as bytes below a directory. */
function below(directory: string, name: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name)]);
}

/** Everything that has ever broken a backup of files. */
export function makeNastyTree(root: string): void {
  mkdirSync(root, { recursive: true });
  const names = [
    'é NFC',
    'é NFD',
    'new\nline',
    '-rf',
    '--help',
    ' space ',
    'quo\'te"s',
    'back\\slash',
    '物理.txt',
    '*?[a]',
  ];
  for (const name of names) writeFileSync(below(root, name), `content of ${name}`);
  writeFileSync(below(root, Buffer.from([0xff, 0xfe, 0x0a, 0x80])), 'not UTF-8');
  writeFileSync(path.join(root, 'x'.repeat(255)), 'a long name');
  writeFileSync(path.join(root, 'empty'), '');
  for (const size of [511, 512, 513, 65_536, 1_048_577]) writeFileSync(path.join(root, `${size} bytes`), bytes(size));
  makeDirectories(root);
  makeSparse(root);
  makeLinks(root);
  makeModes(root);
}

function makeDirectories(root: string): void {
  mkdirSync(path.join(root, 'empty directory'));
  const deep = path.join(root, ...Array.from({ length: 12 }, (_, at) => `deeper ${at} ${'y'.repeat(40)}`));
  mkdirSync(deep, { recursive: true });
  writeFileSync(path.join(deep, 'bottom'), 'far below');
}

function makeSparse(root: string): void {
  const only = path.join(root, 'only a hole');
  writeFileSync(only, '');
  truncateSync(only, 5_000_000);
  const holes = path.join(root, 'holes');
  for (const [at, text] of [
    [0, 'start'],
    [3_000_000, 'middle'],
    [9_000_001, 'end'],
  ] as const)
    execFileSync('dd', [`of=${holes}`, 'bs=1', `seek=${at}`, 'conv=notrunc', 'status=none'], { input: text });
  truncateSync(holes, 12_345_678);
}

function makeLinks(root: string): void {
  const at = (name: string): string => path.join(root, name);
  linkSync(at('512 bytes'), at('hard link'));
  linkSync(at('512 bytes'), at('another hard link'));
  symlinkSync('512 bytes', at('soft link'));
  symlinkSync('/nowhere/at all', at('dangling'));
  symlinkSync('/etc/hostname', at('absolute'));
  symlinkSync('../../..', at('upwards'));
  symlinkSync('z'.repeat(300), at('long link'));
  symlinkSync('.', at('itself'));
  symlinkSync('new\nline', below(root, 'link to a new line'));
}

function makeModes(root: string): void {
  for (const mode of ['0400', '0600', '0755', '4755', '2755', '1777', '0000']) {
    const file = path.join(root, `mode ${mode}`);
    writeFileSync(file, mode);
    execFileSync('chmod', [mode, file]);
  }
  const shared = path.join(root, 'setgid directory');
  mkdirSync(shared);
  writeFileSync(path.join(shared, 'inside'), '1');
  execFileSync('chmod', ['2775', shared]);
  execFileSync('touch', ['--date=2001-02-03 04:05:06.123456789 UTC', path.join(root, 'empty')]);
  execFileSync('touch', ['--no-dereference', '--date=1999-12-31 23:59:59.000000001 UTC', path.join(root, 'dangling')]);
  execFileSync('touch', ['--date=1965-01-01 00:00:00.5 UTC', path.join(root, '-rf')]);
  execFileSync('touch', ['--date=2033-05-18 03:33:20 UTC', shared]);
  execFileSync('mkfifo', [path.join(root, 'fifo')]);
  if (process.getuid?.() === 0) execFileSync('chown', ['12345:54321', path.join(root, '513 bytes')]);
}

function bytes(size: number): Buffer {
  return Buffer.from(Array.from({ length: size }, (_, at) => (at * 7919) % 251));
}

/**
 * A fingerprint by other means than the program's: find(1) prints every name with type, mode, owner, size, time to
 * the nanosecond, link target and link count; sha256sum(1) hashes. The blocks of sparse files are left out.
 */
export function fingerprint(root: string): string {
  const format = '%y %m %U:%G %s %T@ %n %P -> %l\\0';
  const listed = execFileSync('find', [root, '-printf', format], { maxBuffer: 1 << 28 });
  const hashes = execFileSync('find', ['.', '-type', 'f', '-exec', 'sha256sum', '-z', '{}', '+'], {
    cwd: root,
    maxBuffer: 1 << 28,
  });
  const lines = `${listed.toString('latin1')}${hashes.toString('latin1')}`.split('\0');
  // A directory's size is the file system's business.
  return lines
    .map((line) => (line.startsWith('d ') ? line.replace(/^(d \S+ \S+) \d+ /, '$1 ') : line))
    .toSorted()
    .join('\0');
}
