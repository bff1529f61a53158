import { access, constants, readdir, statfs } from 'node:fs/promises';
import path from 'node:path';
import { asError, type BackupError } from '../../base/errors.ts';
import type { Context, Finding } from '../../model/source.ts';

/** What a sandbox is started with: the launcher, the jars of a version, and Java. Only a restore needs them. */
export async function toolFindings(
  home: string,
  liveVersion: string | undefined,
  context: Context,
): Promise<Finding[]> {
  const launcher = path.join(home, 'bin', 'neo4j');
  const isThere = await access(launcher, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!isThere) return [noInstallation(launcher)];
  const java = javaFinding(context);
  const version = await installedVersion(home);
  return java === undefined ? [versionFinding(home, version, liveVersion)] : [java];
}

function noInstallation(launcher: string): Finding {
  return {
    subject: 'tools',
    severity: 'problem',
    message: `no Neo4j to start a sandbox with: ${launcher} is missing`,
    hint: 'set NEO4J_HOME to an installation of Neo4j Community 5',
    kind: 'missing-tool',
    stops: 'restore',
  };
}

function javaFinding({ processes }: Context): Finding | undefined {
  try {
    processes.find('java', 'install a Java 17 or 21 runtime');
    return undefined;
  } catch (error) {
    const { message, hint } = error as BackupError;
    const details = hint === undefined ? {} : { hint };
    return { subject: 'tools', severity: 'problem', message, kind: 'missing-tool', stops: 'restore', ...details };
  }
}

/** From the name of the kernel's jar, which every installation has; undefined when it is elsewhere. */
async function installedVersion(home: string): Promise<string | undefined> {
  const names = await readdir(path.join(home, 'lib')).catch(() => []);
  return names.map((name) => /^neo4j-kernel-(\d+\.\d+\.\d+)\.jar$/.exec(name)?.[1]).find((each) => each !== undefined);
}

function versionFinding(home: string, version: string | undefined, live: string | undefined): Finding {
  const message = `Neo4j ${version ?? 'of unknown version'} in ${home} for sandboxes`;
  if (version === undefined || live === undefined || version === live)
    return { subject: 'tools', severity: 'ok', message };
  return {
    subject: 'tools',
    severity: 'warning',
    message: `${message}, but the server is ${live}: a restore is rehearsed with another version`,
    hint: 'set NEO4J_HOME to an installation of the version of the server',
  };
}

/** A sandbox of its own, and the store of the graph in it. */
export async function roomFindings(directory: string, bytes: number): Promise<Finding[]> {
  const SANDBOX = 64 * 1024 * 1024;
  const needed = bytes * 2 + SANDBOX;
  try {
    const { bavail, bsize } = await statfs(directory);
    if (bavail * bsize >= needed)
      return [{ subject: 'room', severity: 'ok', message: `room for a sandbox in ${directory}` }];
    const message = `a sandbox needs about ${megabytes(needed)} MB in ${directory}, ${megabytes(bavail * bsize)} MB are free`;
    const hint = 'make room, or set STATE_DIR to a larger disk';
    return [{ subject: 'room', severity: 'problem', message, hint, kind: 'no-space', stops: 'restore' }];
  } catch (error) {
    return [
      {
        subject: 'room',
        severity: 'warning',
        message: `cannot tell the room in ${directory}: ${asError(error).message}`,
      },
    ];
  }
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1024 / 1024);
}
