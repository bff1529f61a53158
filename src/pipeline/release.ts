import { type FileHandle, open, rm } from 'node:fs/promises';
import { type Readable, Writable } from 'node:stream';
import { BackupError } from '../base/errors.ts';
import { fileError } from '../base/files.ts';
import { collect, type Command, ProcessFailed, type Processes, type RunningProcess } from '../base/processes.ts';
import { together, type Together } from '../base/together.ts';
import { decompressor } from './compression.ts';
import { feed } from './feeding.ts';
import { type SealedArtifact, unsealed } from './unsealing.ts';

/** The plaintext becomes the standard input of a process; resolves with what that printed (at most 16 MiB). */
export function releaseToProcess(
  sealed: SealedArtifact,
  command: Command,
  processes: Processes,
  signal: AbortSignal,
): Promise<string> {
  return together(signal, async (group) => {
    const consumer = processes.start(command, { stdin: 'pipe', stdout: 'pipe' }, group.signal);
    const printed = group.watch(collect(consumer.stdout, command.file));
    const ended = group.watch(consumer.ended);
    const supplied = supply(sealed, stream(consumer.stdin), processes, group);
    const [stdout] = await Promise.all([printed, ended, supplied]);
    return stdout;
  });
}

/** Writes the plaintext to a new file (0600); none is left when anything fails. */
export async function releaseToFile(
  sealed: SealedArtifact,
  file: string,
  processes: Processes,
  signal: AbortSignal,
): Promise<void> {
  const handle = await open(file, 'wx', 0o600).catch((error: unknown) => {
    throw fileError('creating', file, error);
  });
  try {
    await together(signal, (group) => supply(sealed, handle, processes, group));
    const { size } = await handle.stat();
    expectPlainBytes(sealed, size);
  } catch (error) {
    await rm(file, { force: true });
    throw fileError('writing', file, error);
  } finally {
    await handle.close();
  }
}

/** The plaintext in chunks; whoever stops early ends everything that makes them. */
export async function* releasedChunks(
  sealed: SealedArtifact,
  processes: Processes,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const command = decompressor(sealed.artifact.stages);
  if (command === undefined) return yield* unsealed(sealed);
  const stopped = new AbortController();
  const child: { stdout?: Readable } = {};
  const work = together(AbortSignal.any([signal, stopped.signal]), async (group) => {
    const running = processes.start(command, { stdin: 'pipe', stdout: 'pipe' }, group.signal);
    child.stdout = stream(running.stdout);
    await pour(sealed, running, group);
  });
  work.catch(() => undefined);
  let bytes = 0;
  try {
    for await (const chunk of child.stdout ?? []) {
      bytes += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
    await work;
    expectPlainBytes(sealed, bytes);
  } finally {
    stopped.abort();
    await work.catch(() => undefined);
  }
}

/** Brings the plaintext to a process or into a file. A process may close its input before the end. */
async function supply(
  sealed: SealedArtifact,
  target: Writable | FileHandle,
  processes: Processes,
  group: Together,
): Promise<void> {
  const command = decompressor(sealed.artifact.stages);
  const isStream = target instanceof Writable;
  if (command !== undefined) {
    const stdout = isStream ? target : target.fd;
    await pour(sealed, processes.start(command, { stdin: 'pipe', stdout }, group.signal), group);
  } else if (isStream) await group.watch(feed(target, unsealed(sealed)));
  else for await (const chunk of unsealed(sealed)) await target.appendFile(chunk);
}

/** Brings what is sealed through a decompressor that was started. */
async function pour(sealed: SealedArtifact, child: RunningProcess, group: Together): Promise<void> {
  await Promise.all([
    group.watch(decompressed(child, sealed)),
    group.watch(feed(stream(child.stdin), unsealed(sealed))),
  ]);
}

/** Whether the decompressor had a reader that wanted no more: Linux resets a socket closed with bytes unread. */
function readerWentAway(error: ProcessFailed): boolean {
  return error.killedBy === 'SIGPIPE' || /Broken pipe|Connection reset/.test(error.stderr);
}

async function decompressed(child: RunningProcess, sealed: SealedArtifact): Promise<void> {
  try {
    await child.ended;
  } catch (error) {
    if (!(error instanceof ProcessFailed)) throw error;
    if (readerWentAway(error)) return;
    if (/No space left|File too large/.test(error.stderr))
      throw new BackupError(`no room to unpack ${sealed.artifact.name}`, { kind: 'no-space', cause: error });
    const message = `${sealed.artifact.name} is damaged: it does not decompress`;
    throw new BackupError(message, { kind: 'damaged', cause: error });
  }
}

function expectPlainBytes(sealed: SealedArtifact, bytes: number): void {
  const { name, plainBytes } = sealed.artifact;
  if (bytes === plainBytes) return;
  const message = `${name} is damaged: it holds ${bytes} bytes, its manifest says ${plainBytes}`;
  throw new BackupError(message, { kind: 'damaged' });
}

function stream<T>(given: T | null): T {
  if (given === null) throw new Error('a child was started without the stream that is needed');
  return given;
}
