import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { BackupError, throwIfAborted } from '../../base/errors.ts';
import type { Context, Finding, Inspection } from '../../model/source.ts';
import { tarVersion } from './capture.ts';
import { exists, mountPoints } from './place.ts';
import { isReadable, isWritable, WRITING_HINT } from './rights.ts';
import type { ApplicationSettings, Tree } from './settings.ts';

/** Looks at the directories; changes nothing. */
export async function inspectTrees({ paths, apart = {} }: ApplicationSettings, context: Context): Promise<Inspection> {
  const { version, finding } = await lookAtTar(context);
  const looks = await Promise.all(paths.map((tree) => lookAt(tree, context)));
  return {
    versions: version === undefined ? {} : { tar: version },
    bytes: looks.reduce((total, each) => total + each.bytes, 0),
    findings: [
      finding,
      ...looks.flatMap((each) => each.findings),
      ...(await nested(paths)),
      ...(await swallowed(paths, apart)),
    ],
  };
}

async function lookAtTar(context: Context): Promise<{ version?: string; finding: Finding }> {
  try {
    const version = await tarVersion(context);
    return { version, finding: { subject: 'tools', severity: 'ok', message: `GNU tar ${version}` } };
  } catch (error) {
    throwIfAborted(context.signal);
    if (!(error instanceof BackupError)) throw error;
    const { message, kind, hint = 'install GNU tar' } = error;
    return { finding: { subject: 'tools', severity: 'problem', message, kind, hint } };
  }
}

async function lookAt(
  { name, path: directory }: Tree,
  context: Context,
): Promise<{ bytes: number; findings: Finding[] }> {
  const problem = await directoryProblem(directory);
  const parent = path.dirname(directory);
  const restorable = (await isWritable(directory)) || (await isWritable(parent));
  const findings: Finding[] = [];
  if (problem !== undefined) findings.push({ subject: name, severity: 'problem', stops: 'backup', ...problem });
  else findings.push({ subject: name, severity: 'ok', message: directory });
  if (!restorable && (await exists(parent))) {
    const message = `${directory} cannot be written: a restore would fail`;
    findings.push({
      subject: name,
      severity: problem === undefined ? 'warning' : 'problem',
      stops: 'restore',
      message,
      hint: WRITING_HINT,
      kind: 'denied',
    });
  }
  findings.push(...(await mountedWithin(name, directory)));
  return { bytes: problem === undefined ? await sizeOf(directory, context) : 0, findings };
}

/** Captured like everything else, and in the way of a restore. */
async function mountedWithin(subject: string, directory: string): Promise<Finding[]> {
  const real = await realpath(directory).catch(() => directory);
  const mount = (await mountPoints()).find((each) => each.startsWith(`${real}/`));
  if (mount === undefined) return [];
  const message = `something is mounted at ${mount}: a restore of ${directory} would be refused`;
  return [{ subject, severity: 'warning', stops: 'restore', message, hint: 'unmount it when it comes to a restore' }];
}

async function directoryProblem(directory: string): Promise<Pick<Finding, 'message' | 'hint' | 'kind'> | undefined> {
  const hint = 'set APPLICATION_PATHS to existing directories, e.g. uploads=/srv/uploads';
  const stats = await stat(directory).catch(() => undefined);
  if (stats === undefined) return { message: `${directory} does not exist or cannot be seen`, hint, kind: 'missing' };
  if (!stats.isDirectory()) return { message: `${directory} is not a directory`, hint, kind: 'missing' };
  if (await isReadable(directory)) return undefined;
  return {
    message: `${directory} cannot be read`,
    hint: 'give the user of the backup (uid 1000 in the containers) the right to read it',
    kind: 'denied',
  };
}

/** du(1) counts what it may see; what it may not, the capture names. */
async function sizeOf(directory: string, { processes, signal }: Context): Promise<number> {
  const args = ['--summarize', '--block-size=1', '--', directory];
  const { stdout } = await processes.run({ file: 'du', args, okCodes: [0, 1] }, signal);
  return Number(/^\d+/.exec(stdout)?.[0] ?? 0);
}

/** One tree inside another would be captured twice and exchanged twice. */
async function nested(paths: readonly Tree[]): Promise<Finding[]> {
  const real = await Promise.all(paths.map(resolved));
  return real.flatMap((outer) =>
    real
      .filter((inner) => inner !== outer && contains(outer, inner))
      .map((inner) => inside(inner.name, inner, outer, 'name only the outer one in APPLICATION_PATHS')),
  );
}

async function swallowed(paths: readonly Tree[], apart: Readonly<Record<string, string>>): Promise<Finding[]> {
  const ours = await Promise.all(Object.entries(apart).map(([name, directory]) => resolved({ name, path: directory })));
  const trees = await Promise.all(paths.map(resolved));
  return trees.flatMap((tree) =>
    ours
      .filter((each) => contains(tree, each))
      .map((each) =>
        inside(tree.name, each, tree, 'name the directories beside it in APPLICATION_PATHS, or put it elsewhere'),
      ),
  );
}

async function resolved({ name, path: directory }: Tree): Promise<Tree> {
  return { name, path: await realpath(directory).catch(() => path.resolve(directory)) };
}

function contains(outer: Tree, inner: Tree): boolean {
  return `${inner.path}/`.startsWith(outer.path === '/' ? '/' : `${outer.path}/`);
}

function inside(subject: string, inner: Tree, outer: Tree, hint: string): Finding {
  const message = `${inner.path} (${inner.name}) lies in ${outer.path} (${outer.name})`;
  return { subject, severity: 'problem', message, hint, kind: 'usage' };
}
