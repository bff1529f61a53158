import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BackupError, systemCode } from '../src/base/errors.ts';
import { emptyDirectory } from './data/destroy.ts';
import { temporaryDirectory, uid } from './host.ts';
import { endProcess, readPidRecord } from './servers/pid-record.ts';

// Its presence says that the directory is a platform's and may be removed.
const MARK = 'physics-platform.json';

/** What lies in the mark: secrets, so only its owner reads it. */
export interface PlatformState {
  /** Empty until the platform is complete. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Where `platform -- up` puts the platform of this user unless told otherwise. */
export function defaultDirectory(): string {
  return path.join(temporaryDirectory, `physics-platform-${uid}`);
}

/** Makes the directory, which must be new or empty; `undefined` makes one that nobody else knows. Kind `exists`. */
export async function claimDirectory(wanted: string | undefined): Promise<string> {
  const directory = wanted === undefined ? await mkdtemp(path.join(temporaryDirectory, 'physics-platform-')) : wanted;
  await mkdir(directory, { recursive: true });
  if ((await stat(directory)).uid !== uid)
    throw new BackupError(`${directory} belongs to another user`, { kind: 'denied', hint: 'name another with --dir' });
  const content = await readdir(directory);
  if (content.includes(MARK)) {
    const hint = `npm run platform -- env --dir ${directory} shows it, npm run platform -- down --dir ${directory} ends it`;
    throw new BackupError(`there is a platform in ${directory} already`, { kind: 'exists', hint });
  }
  if (content.length > 0)
    throw new BackupError(`${directory} is not empty`, { kind: 'exists', hint: 'name a new directory with --dir' });
  await chmod(directory, 0o711); // the servers run as another user when we are root
  await writeState(directory, { environment: {} });
  return directory;
}

export async function writeState(directory: string, state: PlatformState): Promise<void> {
  await writeFile(path.join(directory, MARK), `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
}

/** Undefined where there is no platform. Kind `damaged` when it cannot be read. */
export async function readState(directory: string): Promise<PlatformState | undefined> {
  try {
    return JSON.parse(await readFile(path.join(directory, MARK), 'utf8')) as PlatformState;
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return undefined;
    throw new BackupError(`the platform's state in ${directory} cannot be read`, { kind: 'damaged', cause });
  }
}

const STOP_SIGNALS = { postgres: 'SIGINT', neo4j: 'SIGTERM', redis: 'SIGTERM' } as const;

/**
 * Ends the servers whose pid and start time are on record in this directory, and removes it.
 * Returns false, and touches nothing, when it is not a platform's.
 */
export async function tearDown(directory: string): Promise<boolean> {
  const names = await readdir(directory).catch((): string[] => []);
  if (!names.includes(MARK)) return false;
  await Promise.all(Object.entries(STOP_SIGNALS).map(([name, signal]) => end(path.join(directory, name), signal)));
  const parts = names.filter((name) => name !== MARK).map((name) => path.join(directory, name));
  for (const part of parts) await emptyDirectory(Buffer.from(part));
  for (const part of parts) await rm(part, { recursive: true });
  await rm(directory, { recursive: true }); // the mark last, so that a `down` that was killed can be repeated
  return true;
}

async function end(directory: string, signal: NodeJS.Signals): Promise<void> {
  const record = await readPidRecord(directory);
  if (record !== undefined) await endProcess(record, signal);
}
