import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type Clock, secondsBetween } from '../base/clock.ts';
import { makeDirectories } from '../base/directories.ts';
import { BackupError, throwIfAborted } from '../base/errors.ts';
import { isStill } from '../base/file-lock.ts';
import { fileError } from '../base/files.ts';
import { ProcessFailed, type Processes } from '../base/processes.ts';
import type { Instant, Service } from '../model/vocabulary.ts';

/** An exclusive lock of one service. The kernel frees it when the last holder of the descriptor has ended. */
export interface ServiceLock extends AsyncDisposable {
  readonly service: Service;
  /** For children that go on writing: they hold the lock as long as they live. */
  readonly descriptor: number;
}

export interface LockTools {
  readonly processes: Processes;
  readonly clock: Clock;
}

/** Excludes across containers and PID namespaces. Fails at once with kind `busy`, saying who holds it. */
export async function lockService(
  service: Service,
  directory: string,
  tools: LockTools,
  signal: AbortSignal,
): Promise<ServiceLock> {
  const file = path.join(directory, service, '.lock');
  const handle = await acquire(file, ['-n'], tools.processes, signal);
  if (handle === undefined) throw await busy(service, file);
  await describe(handle, tools.clock).catch(async (error: unknown) => {
    await handle.close();
    throw fileError('writing', file, error);
  });
  return { service, descriptor: handle.fd, [Symbol.asyncDispose]: () => handle.close() };
}

/** Since when a service has been locked, and by whom. */
export interface HeldLock {
  readonly since: Instant;
  readonly holder: string;
}

/**
 * Who holds the lock of a service; undefined when nobody does. It is tried for an instant, shared: only one that was
 * taken a while ago, so that no run that is just beginning meets us.
 */
export async function heldLock(
  service: Service,
  directory: string,
  { processes, clock }: LockTools,
  signal: AbortSignal,
): Promise<HeldLock | undefined> {
  const file = path.join(directory, service, '.lock');
  const found = await stat(file).catch(() => undefined);
  const since = found?.mtime.toISOString();
  if (since === undefined || Math.abs(secondsBetween(since, clock.now())) < A_WHILE_SECONDS) return undefined;
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const args = ['-s', '-n', '-E', `${CONFLICT}`, '3'];
    const command = { file: 'flock', args, okCodes: [0, CONFLICT] };
    const { code } = await processes.start(command, { descriptors: [handle.fd] }, signal).ended;
    return code === CONFLICT ? { since, holder: await holder(file) } : undefined;
  } finally {
    await handle.close();
  }
}

const A_WHILE_SECONDS = 60;

const RECORDS_WAIT_SECONDS = 60;

/** A short lock around small files that are replaced as a whole (proof, catalogue, removals); waits for its turn. */
export async function lockRecords(
  service: Service,
  directory: string,
  processes: Processes,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  const file = path.join(directory, service, '.records.lock');
  const handle = await acquire(file, ['-w', `${RECORDS_WAIT_SECONDS}`], processes, signal);
  if (handle !== undefined) return { [Symbol.asyncDispose]: () => handle.close() };
  throw new BackupError(`${service}: its records have been locked for ${RECORDS_WAIT_SECONDS} s`, {
    kind: 'busy',
    hint: `see who holds ${file} (lsof), and end it`,
  });
}

const CONFLICT = 100;

/** Undefined when another holds it. Run again when the file was replaced meanwhile: that would be another lock. */
async function acquire(
  file: string,
  how: readonly string[],
  processes: Processes,
  signal: AbortSignal,
): Promise<FileHandle | undefined> {
  throwIfAborted(signal);
  const handle = await openLock(file);
  try {
    if (!(await flock(handle, how, processes, signal))) {
      await handle.close();
      return undefined;
    }
    if (await isStill(handle, file)) return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return acquire(file, how, processes, signal);
}

async function openLock(file: string): Promise<FileHandle> {
  try {
    makeDirectories(path.dirname(file));
    return await open(file, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    throw fileError('opening the lock', file, error);
  }
}

async function flock(
  handle: FileHandle,
  how: readonly string[],
  processes: Processes,
  signal: AbortSignal,
): Promise<boolean> {
  const args = ['-x', ...how, '-E', `${CONFLICT}`, '3'];
  try {
    const child = processes.start(
      { file: 'flock', args, okCodes: [0, CONFLICT] },
      { descriptors: [handle.fd] },
      signal,
    );
    return (await child.ended).code === 0;
  } catch (cause) {
    if (!(cause instanceof ProcessFailed)) throw cause;
    const hint = 'keep the backups on a file system that has flock(2)';
    throw new BackupError('the file system of the backups cannot lock', { kind: 'unreachable', hint, cause });
  }
}

/** For display only: what holds the lock is the descriptor. */
async function describe(handle: FileHandle, clock: Clock): Promise<void> {
  const text = `process ${process.pid} on ${os.hostname()} since ${clock.now()}\n`;
  await handle.truncate(0);
  await handle.write(text, 0);
}

async function busy(service: Service, file: string): Promise<BackupError> {
  const who = await holder(file);
  return new BackupError(`${service}: another run holds the lock${who === '' ? '' : ` (${who})`}`, {
    kind: 'busy',
    hint: 'wait for it to end, or end it',
    retrySafe: true,
  });
}

async function holder(file: string): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(300), 0, 300, 0);
    return buffer.subarray(0, bytesRead).toString('utf8').trim();
  } finally {
    await handle.close();
  }
}
