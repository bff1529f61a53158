import { BackupError } from '../../base/errors.ts';
import type { Context } from '../../model/source.ts';
import type { StoreDirectory } from './store-directory.ts';

/** What a database consists of; a server keeps both by the name of the database. */
const PARTS = ['databases', 'transactions'] as const;
type Part = (typeof PARTS)[number];

/** Names in the data directory: the live database, and the place where all of a restore lies. */
export interface Names {
  readonly database: string;
  readonly place: string;
}

/** Whether the restored store is live, not live, or neither; `recreated`: a server made an empty one in between. */
export type Where = 'staged' | 'between' | 'recreated' | 'live';

/** What moves are made with. */
export interface Moving {
  readonly store: StoreDirectory;
  readonly names: Names;
  readonly context: Context;
  /** Before each move. */
  readonly note: (note: Readonly<Record<string, string>>) => Promise<void>;
}

interface Paths {
  readonly live: string;
  readonly staged: string;
  readonly replaced: string;
}

export function pathsOf(part: Part, { database, place }: Names): Paths {
  return { live: `${part}/${database}`, staged: `${place}/staged/${part}`, replaced: `${place}/replaced.${part}` };
}

export function stagedPath({ place }: Names): string {
  return `${place}/staged`;
}

/** Told by what exists; both parts together. */
export async function whereIs({ store, names }: Pick<Moving, 'store' | 'names'>): Promise<Where> {
  const found = await look(store, names);
  const wheres = new Set(PARTS.map((part) => whereIsPart(found, pathsOf(part, names))));
  const [only, other] = wheres;
  if (wheres.has('recreated')) return 'recreated';
  return only === undefined || other !== undefined ? 'between' : only;
}

function whereIsPart(found: ReadonlySet<string>, { live, staged, replaced }: Paths): Where {
  if (!found.has(live)) return 'between';
  if (found.has(staged)) return found.has(replaced) ? 'recreated' : 'staged';
  return found.has(replaced) ? 'live' : 'between';
}

function look(store: StoreDirectory, names: Names): Promise<ReadonlySet<string>> {
  return store.existing(PARTS.flatMap((part) => Object.values(pathsOf(part, names)) as string[]));
}

/**
 * The restored store becomes live, from wherever an earlier attempt was ended. The logs go first and come last: a
 * server that is started meanwhile refuses a store without them, instead of making an empty one.
 */
export async function moveIn({ store, names, context, note }: Moving): Promise<void> {
  if ((await whereIs({ store, names })) === 'recreated') throw recreated(store, names);
  const found = await look(store, names);
  for (const part of PARTS.toReversed()) {
    const { live, replaced } = pathsOf(part, names);
    if (found.has(replaced)) continue;
    await note({ step: 'away', part });
    await store.rename(live, replaced);
    await context.reached('neo4j.moved-away');
  }
  for (const part of PARTS) {
    const { live, staged } = pathsOf(part, names);
    if (!found.has(staged)) continue;
    await note({ step: 'in', part });
    await store.rename(staged, live);
    await context.reached('neo4j.moved-in');
  }
}

/** What was live is live again, from wherever an exchange was ended. */
export async function moveBack({ store, names, context, note }: Moving): Promise<void> {
  const found = await look(store, names);
  for (const part of PARTS.toReversed()) {
    const { live, staged, replaced } = pathsOf(part, names);
    if (!found.has(live) || !found.has(replaced)) continue;
    await note({ step: 'out', part });
    await store.rename(live, found.has(staged) ? await strayPath(store, names, part) : staged);
    await context.reached('neo4j.moved-out');
  }
  for (const part of PARTS) {
    const { live, replaced } = pathsOf(part, names);
    if (!found.has(replaced)) continue;
    await note({ step: 'back', part });
    await store.rename(replaced, live);
    await context.reached('neo4j.moved-back');
  }
}

/** For what a server made in between. */
async function strayPath(store: StoreDirectory, { place }: Names, part: Part): Promise<string> {
  const path = `${place}/stray.${part}`;
  if ((await store.existing([path])).size > 0) await store.remove(path);
  return path;
}

function recreated({ name }: StoreDirectory, { place }: Names): BackupError {
  return new BackupError(`neo4j: the server was started by something else while its store was exchanged in ${name}`, {
    kind: 'failed',
    hint: `keep it stopped, then roll back: what was live before is in ${place}`,
  });
}
