import { once } from 'node:events';
import type { Server } from 'node:http';
import { chmod, rm } from 'node:fs/promises';
import { makeDirectories } from '../base/directories.ts';
import { BackupError } from '../base/errors.ts';
import { lockFile } from '../base/file-lock.ts';
import { fileError } from '../base/files.ts';
import type { Processes } from '../base/processes.ts';
import type { Service } from '../model/vocabulary.ts';
import { socketOf } from './protocol.ts';

/** A socket that is listened on; disposing takes it away. */
export type Listening = AsyncDisposable;

/** sun_path of unix(7), without its end. */
const LONGEST = 107;

/**
 * Listens on the service's socket (0660). A lock beside it says whose it is, so that the socket of a process that was
 * killed is replaced and that of a living one is not: kind `busy` then.
 */
export async function listen(
  server: Server,
  place: { readonly service: Service; readonly directory: string; readonly processes: Processes },
  signal: AbortSignal,
): Promise<Listening> {
  const { service, directory, processes } = place;
  const socket = socketOf(service, directory);
  if (Buffer.byteLength(socket) > LONGEST)
    throw new BackupError(`${socket} is too long for a socket`, {
      kind: 'usage',
      hint: 'set AGENT_DIR to a shorter one',
    });
  if (makeDirectories(directory) !== undefined) await chmod(directory, 0o770);
  const lock = await lockFile(`${socket}.lock`, 'exclusive', processes, signal);
  if (lock === undefined) throw busy(service);
  try {
    await rm(socket, { force: true });
    server.listen(socket);
    await once(server, 'listening');
    await chmod(socket, 0o660);
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw fileError('listening on', socket, error);
  }
  return {
    async [Symbol.asyncDispose]() {
      await rm(socket, { force: true });
      await lock[Symbol.asyncDispose]();
    },
  };
}

function busy(service: Service): BackupError {
  return new BackupError(`an agent of ${service} is running already`, {
    kind: 'busy',
    hint: 'end the other one, or set AGENT_SERVICES or AGENT_DIR',
  });
}
