import { randomBytes } from 'node:crypto';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { BackupError, reason } from '../../base/errors.ts';
import type { Context, RestoreJournal, StagedHandle, StagedRestore } from '../../model/source.ts';
import { namesOf, StoreExchange } from './exchange.ts';
import { stagedPath } from './exchange-moves.ts';
import { exchangeProgressOf } from './exchange-notes.ts';
import type { Rehearsal } from './rehearsal.ts';
import type { Note } from './restore-notes.ts';
import { liveAddress, type Neo4jSettings } from './settings.ts';
import type { StoreAccess, StoreDirectory } from './store-directory.ts';

/** What all restores of ours in a data directory begin with. */
const PLACE_PREFIX = 'physics-backup-';

/** The live store where it can be exchanged, or why it cannot. */
export type Reach =
  { readonly store: StoreDirectory; readonly access: StoreAccess } | { readonly why: string | undefined };

/** Nothing is wrong with a server that cannot be stopped: it is rewritten, and why is said. */
export async function reachStore({ exchange: access }: Neo4jSettings): Promise<Reach> {
  if (access === undefined) return { why: undefined };
  try {
    return { store: await access.open(), access };
  } catch (error) {
    return { why: `the live store cannot be exchanged, so it is rewritten: ${reason(error)}` };
  }
}

/** The handle of a restore that will be an exchange. */
export function asExchange(handle: StagedHandle, { database = 'neo4j' }: Neo4jSettings): StagedHandle {
  const place = `${PLACE_PREFIX}${randomBytes(8).toString('hex')}`;
  return { ...handle, details: { ...handle.details, cutover: 'restart', database, place } };
}

export function isExchange({ details }: StagedHandle): boolean {
  return details['cutover'] === 'restart';
}

/** Places the store of a sandbox beside the live one; a failure leaves nothing of it. */
export async function placeStore(
  handle: StagedHandle,
  rehearsal: Rehearsal,
  store: StoreDirectory,
  context: Context,
): Promise<void> {
  const names = namesOf(handle);
  context.progress.step('place the store beside the live one');
  const { dataDirectory } = await rehearsal.close();
  const ready = path.join(dataDirectory, 'ready');
  await mkdir(ready);
  for (const part of ['databases', 'transactions'])
    await rename(path.join(dataDirectory, part, 'neo4j'), path.join(ready, part));
  try {
    await store.place(ready, stagedPath(names), context);
    await context.reached('neo4j.placed');
  } catch (error) {
    await store.remove(names.place);
    throw error;
  }
}

interface ExchangeParts {
  readonly settings: Neo4jSettings;
  readonly journal: RestoreJournal;
  readonly store: StoreDirectory;
  readonly access: StoreAccess;
}

export function exchangeOf(handle: StagedHandle, notes: readonly Note[], parts: ExchangeParts): StagedRestore {
  const { settings, ...deps } = parts;
  return new StoreExchange(handle, notes, { live: liveAddress(settings), ...deps });
}

/** Takes an exchange up again. Whether the data directory is the same is told by what the restore left in it. */
export async function attachExchange(
  handle: StagedHandle,
  notes: readonly Note[],
  settings: Neo4jSettings,
  journal: RestoreJournal,
): Promise<StagedRestore> {
  const { exchange: access } = settings;
  if (access === undefined) throw outOfReach('no way to stop and start the server is set');
  const store = await access.open().catch((error: unknown) => {
    throw outOfReach(reason(error), error);
  });
  try {
    await assertSamePlace(handle, notes, store);
    return exchangeOf(handle, notes, { settings, journal, store, access });
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
}

async function assertSamePlace(handle: StagedHandle, notes: readonly Note[], store: StoreDirectory): Promise<void> {
  const { staged, ended, finishing } = exchangeProgressOf(notes);
  const { place } = namesOf(handle);
  if (staged === undefined || ended !== undefined || finishing) return;
  if ((await store.existing([place])).size > 0) return;
  throw new BackupError(`neo4j: this restore belongs to another data directory: ${store.name} has no ${place}`, {
    kind: 'failed',
    hint: 'check NEO4J_CONTAINER and NEO4J_DATA_DIR',
  });
}

function outOfReach(why: string, cause?: unknown): BackupError {
  return new BackupError(`neo4j: a restore that exchanges the stores of the live server was begun: ${why}`, {
    kind: 'unreachable',
    hint: 'end it where it was begun (in containers: backup-restore), with: recover resume',
    cause,
  });
}
