import type { Readable, Writable } from 'node:stream';
import { BackupError } from '../base/errors.ts';
import type { Command, Processes, RunningProcess } from '../base/processes.ts';
import { together, type Together } from '../base/together.ts';
import { compressor, type SealSettings, zstdInputBytes } from './compression.ts';
import { feed } from './feeding.ts';
import type { SealKeys } from './keys.ts';
import { Sealing } from './sealing.ts';

/** Where the bytes of an artifact come from. */
export type CaptureInput = { readonly command: Command } | { readonly chunks: AsyncIterable<Uint8Array> };

/** Where stored bytes go. Each resolves when they are durable; they are complete only if the stream ends well. */
export interface CaptureTarget {
  artifact(body: AsyncIterable<Buffer>, signal: AbortSignal): Promise<unknown>;
  tags(body: Readable, signal: AbortSignal): Promise<unknown>;
}

export interface CaptureOptions {
  readonly keys: SealKeys;
  readonly settings: SealSettings;
  readonly processes: Processes;
  readonly onBytes: (stored: number) => void;
}

export interface Captured {
  readonly plainBytes: number;
  readonly storedBytes: number;
  readonly storedSha256: string;
}

/** Bytes on their way: `bytes` ends only after everything that made them has ended well. */
interface Flow {
  readonly bytes: AsyncIterable<Buffer>;
  readonly plainBytes: () => number;
}

/**
 * Compresses, seals and stores what a process prints or what chunks say, in constant memory. Resolves when every
 * child has exited 0, every stream has ended and the target has it all; otherwise everything has been ended.
 */
export function capture(
  input: CaptureInput,
  target: CaptureTarget,
  options: CaptureOptions,
  signal: AbortSignal,
): Promise<Captured> {
  return together(signal, async (group) => {
    const flow = flowOf(input, options, group);
    const sealing = new Sealing({
      keys: options.keys,
      encrypt: options.settings.encryption,
      onBytes: options.onBytes,
    });
    await Promise.all([
      group.watch(target.artifact(sealing.stored(flow.bytes), group.signal)),
      group.watch(target.tags(sealing.tags, group.signal)),
    ]);
    return { plainBytes: flow.plainBytes(), ...sealing.summary() };
  });
}

function flowOf(input: CaptureInput, options: CaptureOptions, group: Together): Flow {
  const compress = compressor(options.settings);
  const start = (command: Command, stdin: 'pipe' | 'ignore', stdout: 'pipe' | Writable): RunningProcess => {
    const child = options.processes.start(command, { stdin, stdout }, group.signal);
    void group.watch(child.ended).catch(() => undefined);
    return child;
  };
  if (compress !== undefined && options.settings.compression === 'zstd' && 'command' in input) {
    const zstd = start(compress, 'pipe', 'pipe');
    const tool = start(input.command, 'ignore', stream(zstd.stdin));
    return joined(tool, zstd);
  }
  const counter = new Counter('command' in input ? printed(start(input.command, 'ignore', 'pipe')) : input.chunks);
  if (compress === undefined) return { bytes: own(counter.chunks(), input), plainBytes: () => counter.bytes };
  const child = start(compress, 'pipe', 'pipe');
  const fed = group.watch(feed(stream(child.stdin), counter.chunks()));
  fed.catch(() => undefined);
  return { bytes: whole(child, fed), plainBytes: () => counter.bytes };
}

/** The tool's output goes to zstd by descriptor: this process sees compressed bytes only. */
function joined(tool: RunningProcess, zstd: RunningProcess): Flow {
  let plainBytes = 0;
  async function* bytes(): AsyncGenerator<Buffer> {
    let written = 0;
    for await (const chunk of stream(zstd.stdout)) {
      written += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
    const [exit] = await Promise.all([zstd.ended, tool.ended]);
    plainBytes = zstdInputBytes(exit.stderr, written);
  }
  return { bytes: bytes(), plainBytes: () => plainBytes };
}

/** What a child prints, and then its end. */
async function* printed(child: RunningProcess): AsyncGenerator<Buffer> {
  yield* stream(child.stdout) as AsyncIterable<Buffer>;
  await child.ended;
}

async function* whole(child: RunningProcess, fed: Promise<boolean>): AsyncGenerator<Buffer> {
  yield* printed(child);
  if (!(await fed)) throw new BackupError('the compressor ended before its input did', { kind: 'failed' });
}

/** Chunks that may be used up: those of a child are ours, those of a source may be kept there. */
async function* own(chunks: AsyncIterable<Buffer>, input: CaptureInput): AsyncGenerator<Buffer> {
  if ('command' in input) return yield* chunks;
  for await (const chunk of chunks) yield Buffer.from(chunk);
}

/** Counts bytes as they pass. */
class Counter {
  bytes = 0;
  readonly #chunks: AsyncIterable<Uint8Array>;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks;
  }

  async *chunks(): AsyncGenerator<Buffer> {
    for await (const chunk of this.#chunks) {
      this.bytes += chunk.length;
      yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    }
  }
}

function stream<T>(given: T | null): T {
  if (given === null) throw new Error('a child was started without the stream that is needed');
  return given;
}
