import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { abortError, BackupError } from './errors.ts';

/** A program to run. Secrets go into `env` or a file, never into `args`. */
export interface Command {
  /** Name on the PATH or absolute path. */
  readonly file: string;
  readonly args: readonly string[];
  /** Added to the minimal environment that `Processes` was given. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Exit codes that mean success; [0] unless given. */
  readonly okCodes?: readonly number[];
  /** Bytes of the end of standard error that are kept; 8192 unless given. */
  readonly keptErrors?: number;
  /** Told of an exit that means success: what the program complained about nevertheless. */
  readonly onSuccess?: (exit: Exit) => void;
}

/** Standard input or output of a child: nothing, a pipe to us, a descriptor, or the end of another child's pipe. */
export type ChildStream = 'ignore' | 'pipe' | number | Readable | Writable;

export interface ChildStreams {
  readonly stdin?: ChildStream;
  readonly stdout?: ChildStream;
  /** Further descriptors from 3 on (a key file, a lock). */
  readonly descriptors?: readonly number[];
}

export interface Exit {
  readonly code: number;
  /** The end of standard error. */
  readonly stderr: string;
}

/** A child that was started. It has ended only when `ended` settles: exit code, and every stream closed. */
export interface RunningProcess {
  readonly pid: number;
  /** Present when asked for as `pipe`. */
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  /** Resolves on success; rejects with the abort's reason, or with what the program said. */
  readonly ended: Promise<Exit>;
  /** SIGTERM, then SIGKILL after the grace period. */
  stop(): void;
}

const STDERR_LIMIT = 8192;

/** Starts children that die with us (setpriv(1), PR_SET_PDEATHSIG), in process groups of their own. */
export class Processes {
  readonly #environment: Readonly<Record<string, string>>;
  readonly #graceMilliseconds: number;

  /** `environment` is all that children inherit; it needs at least PATH. */
  constructor(environment: Readonly<Record<string, string>>, graceMilliseconds = 5000) {
    this.#environment = environment;
    this.#graceMilliseconds = graceMilliseconds;
  }

  /** Absolute path of a program; fails with kind `missing-tool`. */
  find(file: string, hint = `install the program "${file}" or add its directory to PATH`): string {
    const directories = file.includes('/') ? [''] : (this.#environment['PATH'] ?? '').split(':');
    const found = directories.map((each) => path.join(each, file)).find(isExecutable);
    if (found === undefined)
      throw new BackupError(`the program ${file} is not installed`, { kind: 'missing-tool', hint });
    return found;
  }

  /** Starts a child. A stream handed over from another child is closed on our side. */
  start(command: Command, streams: ChildStreams, signal: AbortSignal): RunningProcess {
    if (signal.aborted) throw abortError(signal);
    const program = this.find(command.file);
    const child = spawn(this.find('setpriv'), ['--pdeathsig', 'KILL', '--', program, ...command.args], {
      stdio: [streams.stdin ?? 'ignore', streams.stdout ?? 'ignore', 'pipe', ...(streams.descriptors ?? [])],
      env: { ...this.#environment, ...command.env },
      cwd: command.cwd,
      detached: true,
    });
    closeHandedOver(streams.stdin);
    closeHandedOver(streams.stdout);
    keepUntilRead(child.stdout);
    const stop = (): void => this.#stop(child);
    const ended = this.#watch(child, command, signal, stop);
    ended.catch(() => undefined); // awaited by the caller; an early failure is not an unhandled one
    return { pid: child.pid ?? 0, stdin: child.stdin, stdout: child.stdout, ended, stop };
  }

  /** Runs a child to its end and returns its standard output, which must be small (16 MiB). */
  async run(
    command: Command,
    signal: AbortSignal,
    input?: string | Uint8Array,
  ): Promise<{ stdout: string; stderr: string }> {
    const child = this.start(command, { stdin: input === undefined ? 'ignore' : 'pipe', stdout: 'pipe' }, signal);
    if (child.stdin !== null) {
      child.stdin.on('error', () => undefined); // EPIPE: the exit code tells why
      child.stdin.end(input);
    }
    const [stdout, exit] = await Promise.all([collect(child.stdout, command.file), child.ended]);
    return { stdout, stderr: exit.stderr };
  }

  #stop(child: ChildProcess): void {
    if (child.exitCode !== null || child.signalCode !== null) return dropUnread(child.stdout);
    child.once('exit', () => dropUnread(child.stdout));
    killGroup(child, 'SIGTERM');
    const timer = setTimeout(() => killGroup(child, 'SIGKILL'), this.#graceMilliseconds);
    child.once('close', () => clearTimeout(timer));
  }

  #watch(child: ChildProcess, command: Command, signal: AbortSignal, stop: () => void): Promise<Exit> {
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-(command.keptErrors ?? STDERR_LIMIT));
    });
    const abort = (): void => {
      stop();
      child.stdout?.destroy(abortError(signal));
    };
    signal.addEventListener('abort', abort, { once: true });
    return new Promise<Exit>((resolve, reject) => {
      child.once('error', (cause) => {
        reject(new BackupError(`${command.file} could not be started: ${cause.message}`, { kind: 'failed', cause }));
      });
      child.once('close', (code, killedBy) => {
        signal.removeEventListener('abort', abort);
        if (signal.aborted) reject(abortError(signal));
        else if (code !== null && (command.okCodes ?? [0]).includes(code)) {
          command.onSuccess?.({ code, stderr });
          resolve({ code, stderr });
        } else reject(new ProcessFailed(command.file, code, killedBy, stderr));
      });
    });
  }
}

/** A child that ended with an exit code that means failure, or by a signal. Sources turn it into their own error. */
export class ProcessFailed extends BackupError {
  readonly code: number | null;
  readonly killedBy: NodeJS.Signals | null;
  readonly stderr: string;

  constructor(file: string, code: number | null, killedBy: NodeJS.Signals | null, stderr: string) {
    const how = code === null ? `was ended by ${killedBy ?? 'a signal'}` : `failed with exit code ${code}`;
    const hint = 'it was ended from outside, perhaps for want of memory (dmesg tells); then run it again';
    const details = { kind: 'failed', ...(killedBy === 'SIGKILL' ? { hint } : {}) } as const;
    super(`${path.basename(file)} ${how}${lastLine(stderr)}`, details);
    this.name = 'ProcessFailed';
    this.code = code;
    this.killedBy = killedBy;
    this.stderr = stderr;
  }
}

function lastLine(stderr: string): string {
  const line = stderr.trim().split('\n').at(-1)?.trim() ?? '';
  return line === '' ? '' : `: ${line}`;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function closeHandedOver(stream: ChildStream | undefined): void {
  if (typeof stream === 'object') stream.destroy();
}

/**
 * When a child exits, Node discards what nobody has begun to read (flushStdio in lib/internal/child_process.js). A
 * listener that does nothing keeps it, and steps aside for whoever listens to `data`.
 */
function keepUntilRead(stdout: Readable | null): void {
  stdout?.on('error', doNothing); // an abort; whoever reads sees it
  stdout?.on('readable', doNothing);
  stdout?.on('newListener', (event: string | symbol) => {
    if (event === 'data') stdout.off('readable', doNothing);
  });
}

/** What was kept for a reader that will not come would keep a stopped child from ever having ended. */
function dropUnread(stdout: Readable | null): void {
  const readers = stdout?.listeners('readable').filter((each) => each !== doNothing) ?? [];
  if (readers.length === 0 && stdout?.listenerCount('data') === 0) stdout.destroy();
}

const doNothing = (): void => undefined;

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // the group is gone
  }
}

const OUTPUT_LIMIT = 16 * 1024 * 1024;

/** Reads a stream that must be small as text. */
export async function collect(stream: Readable | null, what: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream ?? []) {
    bytes += (chunk as Buffer).length;
    if (bytes > OUTPUT_LIMIT)
      throw new BackupError(`${what} printed more than ${OUTPUT_LIMIT} bytes`, { kind: 'failed' });
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}
