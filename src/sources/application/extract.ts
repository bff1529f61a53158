import { hasCapability } from '../../base/capabilities.ts';
import { BackupError, reason } from '../../base/errors.ts';
import { ProcessFailed, type RunningProcess } from '../../base/processes.ts';
import type { Context, ReadableBackup } from '../../model/source.ts';
import { readTar } from './pipe.ts';
import { type Entry, shown, treeName } from './entry.ts';
import { EntryGuard } from './guard.ts';
import type { Place } from './place.ts';
import { BLOCK } from './tar-header.ts';
import { TarReader } from './tar-reader.ts';

/**
 * Extracts every tree into its container with GNU tar; each entry is looked at before tar gets a byte of it. Returns
 * what tar could not put back of a file, e.g. an attribute that only root may set.
 */
export async function extractTrees(
  backup: ReadableBackup,
  places: readonly Place[],
  context: Context,
): Promise<string[]> {
  context.progress.step('extract');
  const router = new Router(places, context);
  try {
    let done = 0;
    await readTar(
      backup,
      async (bytes) => {
        await router.push(bytes);
        context.progress.bytes((done += bytes.length));
      },
      context,
    );
    await router.finish();
    return router.warnings;
  } catch (error) {
    throw extractionError(error);
  } finally {
    await router.abandon();
  }
}

/** Cuts the archive at the borders of its trees; one tar for each, so that each can be put on its own file system. */
class Router {
  readonly #places: readonly Place[];
  readonly #context: Context;
  readonly #reader: TarReader;
  readonly #borders: { readonly offset: number; readonly name: string }[] = [];
  /** Bytes that no announced entry owns yet, and where they begin in the archive. */
  #held: Buffer = Buffer.alloc(0);
  #heldFrom = 0;
  #name: string | undefined;
  #tar: RunningProcess | undefined;
  /** What tar could not put back, file by file. */
  readonly warnings: string[] = [];

  constructor(places: readonly Place[], context: Context) {
    this.#places = places;
    this.#context = context;
    const guard = new EntryGuard(places.map((each) => each.name));
    const begun = (entry: Entry, offset: number): void => {
      guard.check(entry);
      assertOwnable(entry);
      const name = treeName(entry);
      if (name !== (this.#borders.at(-1)?.name ?? this.#name)) this.#borders.push({ offset, name });
    };
    this.#reader = new TarReader({ begun }, { hashing: false });
  }

  async push(chunk: Buffer): Promise<void> {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#reader.push(chunk);
    for (const { offset, name } of this.#borders.splice(0)) {
      await this.#forward(offset);
      await this.#close();
      this.#begin(name);
    }
    await this.#forward(this.#reader.endOffset ?? this.#reader.decidedOffset);
    this.#held = Buffer.from(this.#held); // the caller's bytes are about to be overwritten
  }

  async finish(): Promise<void> {
    this.#reader.finish();
    await this.#close();
  }

  async abandon(): Promise<void> {
    this.#tar?.stop();
    await this.#tar?.ended.catch(() => undefined);
  }

  async #forward(offset: number): Promise<void> {
    const bytes = this.#held.subarray(0, Math.max(0, offset - this.#heldFrom));
    this.#held = this.#held.subarray(bytes.length);
    this.#heldFrom += bytes.length;
    if (this.#tar !== undefined && bytes.length > 0) await feed(this.#tar, bytes);
  }

  #begin(name: string): void {
    const { processes, signal } = this.#context;
    const container = this.#places.find((each) => each.name === name)?.container ?? '';
    this.#name = name;
    this.#tar = processes.start(extractCommand(container), { stdin: 'pipe' }, signal);
    this.#tar.stdin?.on('error', () => undefined); // tar's exit says why it reads no more
  }

  async #close(): Promise<void> {
    const tar = this.#tar;
    if (tar === undefined) return;
    await feed(tar, Buffer.alloc(2 * BLOCK));
    tar.stdin?.end();
    const { stderr } = await tar.ended;
    this.warnings.push(...warningsOf(stderr));
    this.#tar = undefined;
  }
}

function extractCommand(container: string) {
  return {
    file: 'tar',
    args: [
      '--extract',
      '--file=-',
      `--directory=${container}`,
      '--preserve-permissions',
      '--same-owner',
      '--numeric-owner',
      '--delay-directory-restore',
      '--keep-old-files',
      '--xattrs',
      '--xattrs-include=*', // else those of users only: capabilities of programs are others
      '--acls',
      '--warning=no-timestamp', // times that lie ahead come back as they were
    ],
    env: { LC_ALL: 'C' },
  };
}

/** Resolves when the child's pipe has the bytes; fails when the child has. */
async function feed(tar: RunningProcess, bytes: Buffer): Promise<void> {
  const { stdin } = tar;
  const written = new Promise<boolean>((resolve) => {
    if (stdin === null) resolve(false);
    else stdin.write(bytes, (error) => resolve(error === null || error === undefined));
  });
  if (await written) return;
  await tar.ended; // says why
  throw new BackupError('tar ended before its input did', { kind: 'failed' });
}

/** More than these nobody reads; all of them are of one kind. */
const MOST_WARNINGS = 20;

function warningsOf(stderr: string): string[] {
  const lines = stderr.split('\n').filter((line) => line !== '');
  const more = lines.length > MOST_WARNINGS ? [`${lines.length - MOST_WARNINGS} more files of that kind`] : [];
  return [...lines.slice(0, MOST_WARNINGS), ...more].map((line) => line.replace(/^\S*tar: /, ''));
}

/** Without the right to give files away a restore would differ from what was captured. */
function assertOwnable({ path, uid, gid, type }: Entry): void {
  if (type === 'hardlink' || mayGiveAway()) return;
  const own = process.geteuid?.() ?? 0;
  const groups = [process.getegid?.() ?? 0, ...(process.getgroups?.() ?? [])];
  if (uid === own && groups.includes(gid)) return;
  throw new BackupError(`${shown(path)} belongs to ${uid}:${gid}, which user ${own} cannot give it to`, {
    kind: 'denied',
    hint: 'restore as root, or with the capabilities of "What the helper needs" (docs/architecture.md)',
  });
}

let givesAway: boolean | undefined;

/** Asked for every entry. */
function mayGiveAway(): boolean {
  return (givesAway ??= hasCapability('chown'));
}

function extractionError(error: unknown): unknown {
  if (!(error instanceof ProcessFailed)) return error;
  const lines = error.stderr.split('\n');
  const first = lines.find((line) => line !== '' && !/^\S*tar: (Exiting|Child returned)/.test(line));
  const said = (first ?? reason(error)).replace(/^\S*tar: /, '');
  const full = /No space left|Disk quota/.test(error.stderr);
  const kind = full ? 'no-space' : /not permitted|denied|Read-only/.test(said) ? 'denied' : 'failed';
  const hint = full ? { hint: 'make room beside the directory, or restore elsewhere' } : {};
  return new BackupError(`the files could not be extracted: ${said}`, { kind, cause: error, ...hint });
}
