import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { chown } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ArtifactSink } from '../../../src/model/source.ts';
import { compareFacts } from '../../../src/model/facts.ts';
import { applicationSource } from '../../../src/sources/application/source.ts';
import {
  captureToFiles,
  type FileBackup,
  FileSafetyCopies,
  FileSink,
  MemoryJournal,
  type TestContext,
  testContext,
  testProcesses,
} from '../../support/file-backup.ts';
import { CAN_MOUNT, requires } from '../../support/system/what-can-run.ts';
import { fingerprint } from './nasty.ts';

let context: TestContext;
let uploads: string;

beforeEach(async () => {
  context = await testContext();
  uploads = path.join(context.workDir, 'live', 'uploads');
  mkdirSync(path.join(uploads, 'below'), { recursive: true });
  for (const name of ['a', 'b', 'below/c']) writeFileSync(path.join(uploads, name), name.repeat(1000));
});

afterEach(() => context[Symbol.asyncDispose]());

const settings = () => ({ paths: [{ name: 'uploads', path: uploads }] });

test('a file that changes while it is read is named, one that vanishes too, and the backup is fuzzy', async () => {
  for (const name of ['growing', 'shrinking']) writeFileSync(path.join(uploads, name), Buffer.alloc(3_000_000, 'x'));
  writeFileSync(path.join(uploads, 'vanishing'), 'soon gone');
  const sink = stoppingSink([
    [500_000, () => appendFileSync(path.join(uploads, 'growing'), 'more')],
    [4_000_000, () => truncateSync(path.join(uploads, 'shrinking'), 1_600_000)],
    [4_000_001, () => rmSync(path.join(uploads, 'vanishing'))],
  ]);
  const capture = await applicationSource(settings()).capture('daily', sink, () => undefined, context);
  expect(capture.consistency).toBe('fuzzy');
  expect(capture.warnings.toSorted()).toEqual([
    'uploads changed while it was read', // the directory has lost a name
    'uploads/growing changed while it was read',
    'uploads/shrinking changed while it was read',
    'uploads/vanishing changed while it was read',
  ]);
});

test('files linked between trees are stored as files, and it is said', async () => {
  const models = path.join(context.workDir, 'live', 'models, *[a] $^.');
  mkdirSync(models);
  linkSync(path.join(uploads, 'a'), path.join(models, 'the same'));
  const paths = [...settings().paths, { name: 'models', path: models }];
  const source = applicationSource({ paths });
  const backup = await captureToFiles(source, context.workDir, context);
  expect(backup.capture.warnings).toEqual([
    'some files have hard links in several trees: all hard links are stored as files',
  ]);
  expect(backup.facts).toMatchObject({ 'links uploads': { value: 0 }, 'files models': { value: 1 } });
  await using staged = await source.stage(
    { chain: [backup], target: 'live' },
    new MemoryJournal(),
    safetyOf(backup),
    context,
  );
  expect(compareFacts(backup.facts, await staged.facts(context))).toEqual([]);
});

test('sockets are named, and are not in the backup', async () => {
  const socket = path.join(uploads, 'socket');
  execFileSync(process.execPath, [
    '-e',
    `require('net').createServer().listen(process.argv[1], () => process.exit())`,
    socket,
  ]);
  const backup = await captureToFiles(applicationSource(settings()), context.workDir, context);
  expect(backup.capture).toMatchObject({
    consistency: 'consistent',
    warnings: ['uploads/socket is a socket and is not in the backup'],
  });
});

test('what another user may not read is named, and all else is captured', () => {
  chmodSync(path.join(uploads, 'b'), 0o000);
  chmodSync(path.join(uploads, 'below'), 0o700);
  const scratch = ownedScratch();
  const { facts, warnings, errors } = runAsNobody('capture', scratch);
  expect(errors).toEqual([]);
  expect(warnings).toEqual([
    'uploads/b could not be read and is not in the backup',
    'uploads/below could not be read and is not in the backup',
  ]);
  expect(facts).toMatchObject({ 'files uploads': { value: 1 } });
  chmodSync(uploads, 0o700);
  expect(runAsNobody('capture', scratch)).toMatchObject({ kind: 'denied' });
});

test('owners that cannot be given back are refused before anything live is touched', async () => {
  chmodSync(context.workDir, 0o755);
  const backup = await captureToFiles(applicationSource(settings()), context.workDir, context);
  const before = fingerprint(uploads);
  for (const file of ['.', 'tar', 'files.jsonl', 'backup.json'])
    await chown(path.join(backup.directory, file), 65534, 65534);
  execFileSync('chown', ['65534:65534', path.dirname(uploads)]);
  const refused = runAsNobody('restore', backup.directory);
  expect(refused).toMatchObject({
    kind: 'denied',
    message: expect.stringContaining('uploads belongs to 0:0') as string,
  });
  expect(fingerprint(uploads)).toBe(before);
  expect(readdirSync(path.dirname(uploads))).toEqual(['uploads']);

  execFileSync('chown', ['-R', '65534:65534', uploads]);
  const { directory } = runAsNobody('capture', ownedScratch());
  rmSync(path.join(uploads, 'a'));
  expect(runAsNobody('restore', directory ?? '')).toEqual({ state: 'swapped', warnings: [] });
  expect(readFileSync(path.join(uploads, 'a'), 'utf8')).toBe('a'.repeat(1000));
});

test('attributes that only root may set come back, and are named where they cannot', async (given) => {
  requires(process.getuid?.() === 0, 'root, to set an attribute that others may not', given);
  const file = path.join(uploads, 'a');
  setAttribute(file, 'trusted.note');
  setAttribute(file, 'user.note');
  const source = applicationSource(settings());
  const backup = await captureToFiles(source, context.workDir, context);
  rmSync(file);
  const safety = new FileSafetyCopies(source, context.workDir, [backup]);
  await using staged = await source.stage({ chain: [backup], target: 'live' }, new MemoryJournal(), safety, context);
  await staged.swap(context);
  expect([attributesOf(file), staged.warnings]).toEqual([['trusted.note=1', 'user.note=1'], []]);
  await staged.finish(context);

  execFileSync('chown', ['-R', '65534:65534', path.dirname(uploads)]);
  chmodSync(context.workDir, 0o755);
  const owned = await captureToFiles(source, context.workDir, context);
  execFileSync('chown', ['-R', '65534:65534', owned.directory]);
  expect(runAsNobody('restore', owned.directory)).toMatchObject({
    state: 'swapped',
    warnings: [expect.stringMatching(/Cannot set 'trusted.note' .* 'uploads\/a'/)],
  });
  expect(attributesOf(file)).toEqual(['user.note=1']);
});

test('a file that lies too deep to be restored fails the backup, and is named', async () => {
  const step = 'd'.repeat(200);
  const dig = `const [, top, step] = process.argv; process.chdir(top);
    for (let at = 0; at < 25; at += 1) { fs.mkdirSync(step); process.chdir(step); }`;
  execFileSync(process.execPath, ['-e', dig, uploads, step]);
  const failed = captureToFiles(applicationSource(settings()), context.workDir, context);
  await expect(failed).rejects.toThrow(
    /uploads\/d+\.\.\. lies too deep: its path of \d{4} bytes could not be restored/,
  );
  execFileSync('rm', ['-r', path.join(uploads, step)]); // rm(1) goes there step by step; Node cannot
});

/** By way of a tar, which needs no tool beside it. */
function setAttribute(file: string, name: string): void {
  const [directory, base] = [path.dirname(file), path.basename(file)];
  const tar = (...args: string[]) => ({ file: 'tar', args: ['-C', directory, '--format=posix', '--xattrs', ...args] });
  const made = tar(`--pax-option=SCHILY.xattr.${name}:=1`, '-c', base);
  const bytes = execFileSync(made.file, made.args);
  const put = tar('--xattrs-include=*', '-x');
  execFileSync(put.file, put.args, { input: bytes });
}

function attributesOf(file: string): string[] {
  const args = ['-C', path.dirname(file), '--format=posix', '--xattrs', '-c', path.basename(file)];
  const text = execFileSync('tar', args).toString('latin1');
  return [...text.matchAll(/SCHILY\.xattr\.((?:user|trusted)\.\S+=\S+)\n/g)].map(([, each = '']) => each).toSorted();
}

test('a directory that is missing, no directory, or inside another is told beforehand', async () => {
  const file = path.join(uploads, 'a');
  const paths = [
    { name: 'uploads', path: uploads },
    { name: 'missing', path: path.join(uploads, '..', 'missing') },
    { name: 'file', path: file },
    { name: 'inner', path: path.join(uploads, 'below') },
  ];
  const { findings, versions } = await applicationSource({ paths }).inspect(context);
  const problems = findings
    .filter((each) => each.severity === 'problem')
    .map(({ subject, kind, stops }) => [subject, kind, stops]);
  expect(problems).toEqual([
    ['missing', 'missing', 'backup'],
    ['file', 'missing', 'backup'],
    ['file', 'usage', undefined],
    ['inner', 'usage', undefined],
  ]);
  expect(versions).toHaveProperty('tar');
});

test('a directory that holds the backups, their keys or the journal is refused', async () => {
  const link = path.join(context.workDir, 'link');
  symlinkSync(path.join(uploads, 'below'), link);
  const apart = { BACKUP_DIR: path.join(link, 'backups'), SECRETS_DIR: uploads, STATE_DIR: `${uploads} state` };
  mkdirSync(path.join(uploads, 'below', 'backups'));
  const { findings } = await applicationSource({ ...settings(), apart }).inspect(context);
  const problems = findings.filter((each) => each.severity === 'problem').map(({ message, kind }) => [message, kind]);
  expect(problems).toEqual([
    [`${uploads}/below/backups (BACKUP_DIR) lies in ${uploads} (uploads)`, 'usage'],
    [`${uploads} (SECRETS_DIR) lies in ${uploads} (uploads)`, 'usage'],
  ]);
});

test('a directory in which something is mounted is told of, captured, and not exchanged', async (given) => {
  requires(CAN_MOUNT, 'root, to mount a file system', given);
  const mount = path.join(uploads, 'below');
  const source = applicationSource(settings());
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mount]);
  try {
    writeFileSync(path.join(mount, 'mounted'), 'too');
    const { findings } = await source.inspect(context);
    expect(findings.find(({ severity }) => severity === 'warning')?.message).toContain(`mounted at ${mount}`);
    const backup = await captureToFiles(source, context.workDir, context);
    expect(backup.facts['files uploads']?.value).toBe(3);
    const before = fingerprint(uploads);
    const safety = new FileSafetyCopies(source, context.workDir, [backup]);
    const request = { chain: [backup], target: 'live' } as const;
    const refused = source.stage(request, new MemoryJournal(), safety, context);
    await expect(refused).rejects.toThrow(`something is mounted at ${mount}`);
    expect(fingerprint(uploads)).toBe(before);
    expect(readdirSync(path.dirname(uploads))).toEqual(['uploads']);
  } finally {
    execFileSync('umount', [mount]);
  }
});

test('what a finish has begun to remove is not put back as if it were whole', async () => {
  const source = applicationSource(settings());
  const backup = await captureToFiles(source, context.workDir, context);
  const safety = new FileSafetyCopies(source, context.workDir, [backup]);
  await using staged = await source.stage({ chain: [backup], target: 'live' }, new MemoryJournal(), safety, context);
  await staged.swap(context);
  const ended = { ...context, signal: AbortSignal.abort(new Error('ended')) };
  await expect(staged.finish(ended)).rejects.toThrow('cancelled');
  await expect(staged.rollback(context)).rejects.toThrow('cannot be put back');
  await staged.finish(context);
  expect(readdirSync(path.dirname(uploads))).toEqual(['uploads']);
});

test('every kind of damage is found by the content check', async () => {
  const source = applicationSource(settings());
  const backup = await captureToFiles(source, context.workDir, context);
  const tar = path.join(backup.directory, 'tar');
  const list = path.join(backup.directory, 'files.jsonl');
  const sound = { tar: readFileSync(tar), list: readFileSync(list) };
  const lines = sound.list.toString().trimEnd().split('\n');
  const inData = sound.tar.indexOf('aaaaaaa');
  const damages: [string, Buffer | string][] = [
    [tar, sound.tar.subarray(0, 1024)],
    [tar, Buffer.concat([sound.tar.subarray(0, inData), Buffer.from('X'), sound.tar.subarray(inData + 1)])],
    [tar, Buffer.alloc(1024)],
    [list, lines.slice(0, -1).join('\n')],
    [list, lines.slice(1).join('\n')],
    [list, `${lines.join('\n')}\n{"path":"uploads/more"}\n`],
    [list, sound.list.toString().replace('"mode":"0644"', '"mode":"0666"')],
  ];
  for (const [file, content] of damages) {
    writeFileSync(file, content);
    expect((await source.checkContent(backup, context)).errors).toHaveLength(1);
    writeFileSync(tar, sound.tar);
    writeFileSync(list, sound.list);
  }
  expect((await source.checkContent(backup, context)).errors).toEqual([]);
  const facts = { ...backup.facts, 'files uploads': { value: 9, certainty: 'exact' } as const };
  expect((await source.checkContent({ ...backup, facts }, context)).errors).toEqual([
    'files uploads: 9 captured, 3 in the tar',
  ]);
});

test('a damaged or hostile tar leaves nothing beside the live directory', async () => {
  const source = applicationSource(settings());
  const backup = await captureToFiles(source, context.workDir, context);
  const before = [fingerprint(uploads), readdirSync(path.dirname(uploads))];
  const tar = path.join(backup.directory, 'tar');
  const sound = readFileSync(tar);
  writeFileSync(tar, sound.subarray(0, 2048));
  await expect(stage(backup)).rejects.toMatchObject({ kind: 'damaged' });
  execFileSync('tar', ['-cPf', tar, '--transform=s,^,uploads/../../,', '/etc/hostname']);
  await expect(stage(backup)).rejects.toMatchObject({ kind: 'damaged' });
  expect([fingerprint(uploads), readdirSync(path.dirname(uploads))]).toEqual(before);
});

test('too little room is told before extraction, and a disk that fills up in the middle leaves nothing', async () => {
  for (let at = 0; at < 6; at += 1) writeFileSync(path.join(uploads, `big ${at}`), Buffer.alloc(1_000_000, 'x'));
  const backup = await captureToFiles(applicationSource(settings()), context.workDir, context);
  const small = path.join(context.workDir, 'small');
  mkdirSync(small);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', small]);
  try {
    uploads = path.join(small, 'uploads');
    await expect(stage(backup)).rejects.toMatchObject({ kind: 'no-space' });
    const liar = { ...backup, facts: { ...backup.facts, 'bytes uploads': { value: 1, certainty: 'exact' } as const } };
    await expect(stage(liar)).rejects.toMatchObject({ kind: 'no-space' });
    expect(readdirSync(small)).toEqual([]);
  } finally {
    execFileSync('umount', [small]);
  }
});

test('a cancelled restore leaves nothing, and a tree that is not configured is refused', async () => {
  const backup = await captureToFiles(applicationSource(settings()), context.workDir, context);
  const before = readdirSync(path.dirname(uploads));
  const cancelling = new AbortController();
  const reached = (): Promise<void> => Promise.resolve(cancelling.abort());
  await expect(stage(backup, { ...context, signal: cancelling.signal, reached })).rejects.toMatchObject({
    kind: 'cancelled',
  });
  expect(readdirSync(path.dirname(uploads))).toEqual(before);
  const other = applicationSource({ paths: [{ name: 'models', path: uploads }] });
  const staging = other.stage({ chain: [backup], target: 'live' }, new MemoryJournal(), safetyOf(backup), context);
  await expect(staging).rejects.toMatchObject({
    kind: 'usage',
    hint: 'add uploads=/its/directory to APPLICATION_PATHS',
  });
});

function stage(backup: FileBackup, with_ = context) {
  const request = { chain: [backup], target: 'live' } as const;
  return applicationSource(settings()).stage(request, new MemoryJournal(), safetyOf(backup), with_);
}

function safetyOf(backup: FileBackup): FileSafetyCopies {
  return new FileSafetyCopies(applicationSource(settings()), context.workDir, [backup]);
}

/** A sink that lets something happen when so many bytes have come, while tar waits for it to take more. */
function stoppingSink(happenings: [number, () => void][]): ArtifactSink {
  const directory = path.join(context.workDir, 'stored');
  mkdirSync(directory);
  const sink = new FileSink(directory);
  return {
    fromChunks: (kind, chunks) => sink.fromChunks(kind, chunks),
    toProcess: (kind, command) => sink.toProcess(kind, command),
    async fromProcess(kind, command) {
      const child = testProcesses.start(command, { stdout: 'pipe' }, context.signal);
      const [artifact] = await Promise.all([sink.fromChunks(kind, stopping(child.stdout ?? [])), child.ended]);
      return artifact;
    },
  };
  async function* stopping(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const chunk of chunks) {
      yield chunk;
      bytes += chunk.length;
      while (bytes > (happenings[0]?.[0] ?? Infinity)) happenings.shift()?.[1]();
    }
  }
}

/** A directory that nobody may write. */
function ownedScratch(): string {
  const directory = path.join(context.workDir, `nobody ${readdirSync(context.workDir).length}`);
  mkdirSync(directory);
  execFileSync('chown', ['65534:65534', directory]);
  chmodSync(context.workDir, 0o755);
  return directory;
}

interface Outcome {
  readonly directory?: string;
  readonly facts?: object;
  readonly warnings?: string[];
  readonly errors?: string[];
  readonly findings?: object[];
  readonly message?: string;
  readonly kind?: string;
}

function runAsNobody(verb: 'capture' | 'restore', directory: string): Outcome {
  const script = path.join(import.meta.dirname, 'as-user.ts');
  const user = ['--reuid=65534', '--regid=65534', '--clear-groups', '--'];
  const printed = execFileSync('setpriv', [
    ...user,
    process.execPath,
    script,
    verb,
    directory,
    JSON.stringify(settings()),
  ]);
  return JSON.parse(printed.toString()) as Outcome;
}
