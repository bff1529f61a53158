import { randomUUID } from 'node:crypto';
import { accessSync, constants, statSync } from 'node:fs';
import { rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { asError, BackupError, reason } from '../base/errors.ts';
import { lockFile } from '../base/file-lock.ts';
import type { Processes } from '../base/processes.ts';
import type { Settings } from '../config/schema.ts';
import type { Finding } from '../model/source.ts';
import { type Service, SERVICES } from '../model/vocabulary.ts';
import { KEYRING_FILE } from '../repository/keyring.ts';
import type { Repository } from '../repository/repository.ts';
import { hasKeyring } from './repository.ts';

/** What doctor looks at beside the services: directories, room, lock, keyring, what killed runs left. */
export async function inspectRepository(
  settings: Settings,
  open: () => Promise<Repository>,
  processes: Processes,
  signal: AbortSignal,
): Promise<Finding[]> {
  const directories = directoryFindings(settings);
  if (directories.some((each) => each.severity === 'problem')) return directories;
  return [
    ...directories,
    await roomFinding(settings),
    await lockFinding(settings, processes, signal),
    ...(await contentFindings(settings, open, signal)),
  ];
}

function directoryFindings({ repository, run }: Settings): Finding[] {
  const directories = [
    ['BACKUP_DIR', repository.directory],
    ['SECRETS_DIR', repository.secrets],
    ['STATE_DIR', run.state],
    ['LOG_DIR', run.logs],
  ] as const;
  return directories.map(([name, directory]) => directoryFinding(name, directory));
}

/** A directory that is not there yet can be made if its nearest existing parent can be written. */
function directoryFinding(name: string, directory: string): Finding {
  try {
    accessSync(nearestExisting(directory), constants.R_OK | constants.W_OK | constants.X_OK);
    return ok('directory', `${name} ${directory} can be written`);
  } catch (error) {
    const hint = `make it writable for this user, or set ${name}`;
    return problem('directory', `${name} ${directory} cannot be written: ${reason(error)}`, 'denied', hint);
  }
}

function nearestExisting(directory: string): string {
  const found = statSync(directory, { throwIfNoEntry: false });
  return found === undefined ? nearestExisting(path.dirname(directory)) : directory;
}

async function roomFinding({ repository }: Settings): Promise<Finding> {
  const { bavail, bsize, blocks } = await statfs(nearestExisting(repository.directory));
  const gibibytes = ((bavail * bsize) / 1024 ** 3).toFixed(1);
  const message = `${gibibytes} GiB free (${((bavail / blocks) * 100).toFixed(0)} %) for backups`;
  if (bavail / blocks > 0.05) return ok('room', message);
  return { subject: 'room', severity: 'warning', message, hint: 'remove old backups, or enlarge the volume' };
}

/** Two handles on one file: the second must not get the lock. */
async function lockFinding({ repository }: Settings, processes: Processes, signal: AbortSignal): Promise<Finding> {
  const file = path.join(nearestExisting(repository.directory), `.doctor-${randomUUID()}.lock`);
  try {
    await using _first = await lockFile(file, 'exclusive', processes, signal);
    await using second = await lockFile(file, 'exclusive', processes, signal);
    if (second === undefined) return ok('lock', 'locks exclude');
    const hint = 'keep the backups on a file system with working flock(2)';
    return problem('lock', 'two runs could hold the same lock', 'unreachable', hint);
  } catch (error) {
    return failure('lock', error);
  } finally {
    await rm(file, { force: true });
  }
}

async function contentFindings(
  settings: Settings,
  open: () => Promise<Repository>,
  signal: AbortSignal,
): Promise<Finding[]> {
  try {
    const repository = await open();
    const perService = await Promise.all(SERVICES.map((service) => serviceFindings(service, repository, signal)));
    const keys = hasKeyring(settings) ? 'the keyring opens' : 'no keyring yet: the first backup makes it';
    return [ok('keys', keys), ...exposedKeys(settings), ...perService.flat()];
  } catch (error) {
    return [failure('keys', error)];
  }
}

/** Whoever reads the keyring reads every backup. */
function exposedKeys({ repository }: Settings): Finding[] {
  const file = path.join(repository.secrets, KEYRING_FILE);
  const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0;
  if ((mode & 0o077) === 0) return [];
  const message = `${file} may be read by others (mode ${(mode & 0o777).toString(8).padStart(4, '0')})`;
  return [{ subject: 'keys', severity: 'warning', message, hint: `chmod 600 ${file}` }];
}

async function serviceFindings(service: Service, repository: Repository, signal: AbortSignal): Promise<Finding[]> {
  const [history, leftovers] = await Promise.all([
    repository.history(service, signal),
    repository.leftovers(service, signal),
  ]);
  const aside = leftovers.orphans.length;
  return [
    ...history.damaged.map(({ path: file, error }) =>
      problem(service, `${file}: ${error.message}`, error.kind, error.hint),
    ),
    ...history.gaps.map((gap) => problem(service, gap, 'damaged', 'find out who removes backups')),
    ...(aside === 0 ? [] : [warning(service, `${aside} files without a manifest lie in ${service}/.orphans`)]),
  ];
}

function ok(subject: string, message: string): Finding {
  return { subject, severity: 'ok', message };
}

function warning(subject: string, message: string): Finding {
  return { subject, severity: 'warning', message, hint: 'a run was killed there; look at them, then remove them' };
}

function problem(subject: string, message: string, kind: BackupError['kind'], hint: string | undefined): Finding {
  return { subject, severity: 'problem', message, kind, ...(hint === undefined ? {} : { hint }) };
}

function failure(subject: string, thrown: unknown): Finding {
  const error = asError(thrown);
  if (!(error instanceof BackupError)) throw error;
  return problem(subject, error.message, error.kind, error.hint);
}
