import { constants } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from '../../base/processes.ts';
import type { Context, ReadableBackup } from '../../model/source.ts';
import { TAR } from './artifacts.ts';

/** What is read at a time: into the same buffer again and again, so that nothing is left for the garbage collector. */
const PIECE = 256 * 1024;

/** The plaintext of the stored tar; the bytes given to `take` are good until its promise settles. */
export async function readTar(
  stored: Pick<ReadableBackup, 'toProcess'>,
  take: (bytes: Buffer) => Promise<void>,
  context: Context,
): Promise<void> {
  const directory = await mkdtemp(path.join(context.workDir, 'read-'));
  try {
    const command = (name: string): Command => ({
      file: 'dd',
      args: [`of=${name}`, 'bs=64K', 'conv=notrunc', 'status=none'],
      cwd: directory,
    });
    await throughPipe(directory, (name) => stored.toProcess(TAR, command(name)), take, context);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * Lets children write plaintext into a named pipe (`write` gets its name in `directory`) while `take` looks at it. The
 * bytes given to `take` are good until its promise settles. Resolves when both are done; an error of `take` is thrown
 * after all has been read, for a pipe that nobody empties would hold up the writer for ever.
 */
async function throughPipe<T>(
  directory: string,
  write: (name: string) => Promise<T>,
  take: (bytes: Buffer) => Promise<void> | void,
  { processes, signal }: Context,
): Promise<T> {
  const name = 'pipe';
  const file = path.join(directory, name);
  await processes.run({ file: 'mkfifo', args: ['--mode=600', '--', file] }, signal);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => unlink(file));
  // Held for writing: neither open waits for the other side, and the end comes when we say so (fifo(7)).
  const held = await open(file, constants.O_RDWR);
  const input = stack.use(await open(file, constants.O_RDONLY));
  const taking = takeAll(input, take);
  const written = await settled(write(name));
  await held.close();
  const failure = await taking;
  if (written.status === 'rejected') throw written.reason;
  if (failure !== undefined) throw failure.error;
  return written.value;
}

async function settled<T>(promise: Promise<T>): Promise<PromiseSettledResult<T>> {
  const [result] = await Promise.allSettled([promise]);
  return result;
}

/** Reads to the end, whatever `take` says; returns its first error. */
async function takeAll(
  input: FileHandle,
  take: (bytes: Buffer) => Promise<void> | void,
): Promise<{ readonly error: unknown } | undefined> {
  const buffer = Buffer.allocUnsafeSlow(PIECE);
  let failure: { readonly error: unknown } | undefined;
  for (;;) {
    const { bytesRead } = await input.read(buffer, 0, PIECE, null);
    if (bytesRead === 0) return failure;
    if (failure !== undefined) continue;
    try {
      await take(buffer.subarray(0, bytesRead));
    } catch (error) {
      failure = { error };
    }
  }
}
