import type { ServerControl } from '../../control/server-control.ts';
import type { Context } from '../../model/source.ts';

/**
 * The data directory of the live server, wherever it is. Paths are relative to it. What a verb did is on the disk
 * when it resolves.
 */
export interface StoreDirectory extends AsyncDisposable {
  /** What messages call it. */
  readonly name: string;
  /** Those of the paths that exist. */
  existing(paths: readonly string[]): Promise<ReadonlySet<string>>;
  /** Puts a copy of what a directory of ours holds into a new directory, owned by the server's user. */
  place(from: string, to: string, context: Context): Promise<void>;
  /** On one file system; the new name must not exist. */
  rename(from: string, to: string): Promise<void>;
  /** With all that is in it; nothing happens where there is nothing. */
  remove(path: string): Promise<void>;
}

/** What it takes to exchange the store of a server: to stop and start it, and to get at its data directory. */
export interface StoreAccess {
  readonly control: ServerControl;
  /** Kinds: those of files and of the engine; whatever fails, the graph can still be rewritten over Bolt. */
  open(): Promise<StoreDirectory>;
}
