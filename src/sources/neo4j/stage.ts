import { BackupError } from '../../base/errors.ts';
import type { Context, StagedHandle, StagedRestore, StageRequest } from '../../model/source.ts';
import { Graph } from './connection.ts';
import { position } from './consistency.ts';
import { newMarker } from './marker.ts';
import { type Rehearsal, rehearse } from './rehearsal.ts';
import { assertSameServer, GraphRestore, type RestoreDeps } from './restore.ts';
import { type Note, stagedNote } from './restore-notes.ts';
import { serverVersion } from './server.ts';
import { liveAddress, type Neo4jSettings } from './settings.ts';
import {
  asExchange,
  attachExchange,
  exchangeOf,
  isExchange,
  placeStore,
  type Reach,
  reachStore,
} from './stage-exchange.ts';

type Deps = Pick<RestoreDeps, 'journal' | 'safety'>;

/** The server that is restored into. */
interface Target {
  readonly identity: string;
  readonly version: string;
}

const SANDBOX: Target = { identity: 'sandbox', version: '' };

/**
 * Builds the graph in a sandbox and counts it there; what was counted is the proof that the backup restores. Where
 * the live store can be exchanged the sandbox's is placed beside it; otherwise the live graph is going to be rewritten.
 */
export async function stageGraph(
  request: StageRequest,
  settings: Neo4jSettings,
  deps: Deps,
  context: Context,
): Promise<StagedRestore> {
  const backup = request.chain.at(-1);
  if (backup === undefined) throw new BackupError('neo4j: no backup to restore', { kind: 'failed' });
  const target = request.target === 'live' ? await lookAtLive(settings, context) : SANDBOX;
  const details = { marker: newMarker(), target: request.target };
  const handle: StagedHandle = { version: 1, service: 'neo4j', server: target.identity, backup: backup.id, details };
  await using stack = new AsyncDisposableStack();
  const reach = target === SANDBOX ? { why: undefined } : await reachStore(settings);
  if ('store' in reach) stack.use(reach.store);
  await deps.journal.handle(handle);
  await context.reached('restore.journalled');
  await using rehearsal = await rehearse(backup, settings, context);
  const decided = decide(reach, rehearsal, target);
  const restore =
    'store' in decided
      ? await stageExchange(asExchange(handle, settings), rehearsal, { settings, ...deps, ...decided }, context)
      : await stageRewrite(handle, rehearsal, decided.why, settings, deps);
  await context.reached('restore.staged');
  if ('store' in decided) stack.move(); // the restore closes it
  return restore;
}

/** A store can be opened by no other version than the one that made it, or a newer one. */
function decide(reach: Reach, { version }: Rehearsal, target: Target): Reach {
  if ('why' in reach || version === target.version) return reach;
  return {
    why: `the live server is ${target.version} and NEO4J_HOME is ${version}: the live store is not exchanged but rewritten`,
  };
}

async function stageExchange(
  handle: StagedHandle,
  rehearsal: Rehearsal,
  parts: Parameters<typeof exchangeOf>[2],
  context: Context,
): Promise<StagedRestore> {
  await parts.journal.handle(handle);
  await placeStore(handle, rehearsal, parts.store, context);
  const staged = stagedNote(rehearsal.facts);
  await parts.journal.note(staged);
  return exchangeOf(handle, [staged], parts);
}

async function stageRewrite(
  handle: StagedHandle,
  { facts }: Rehearsal,
  warning: string | undefined,
  settings: Neo4jSettings,
  deps: Deps,
): Promise<StagedRestore> {
  const notes = [...(warning === undefined ? [] : [{ warning }]), stagedNote(facts)];
  for (const note of notes) await deps.journal.note(note);
  return rewriteOf(handle, notes, settings, deps);
}

/** Takes a restore up again; the sandbox of the run before is not needed for it. */
export async function attachGraph(
  handle: StagedHandle,
  notes: readonly Note[],
  settings: Neo4jSettings,
  deps: Deps,
  context: Context,
): Promise<StagedRestore> {
  if (isExchange(handle)) return await attachExchange(handle, notes, settings, deps.journal);
  if (handle.server !== SANDBOX.identity) {
    await using graph = await Graph.open(liveAddress(settings), context.signal);
    await assertSameServer(graph, handle);
  }
  return rewriteOf(handle, notes, settings, deps);
}

function rewriteOf(handle: StagedHandle, notes: readonly Note[], settings: Neo4jSettings, deps: Deps): StagedRestore {
  return new GraphRestore(handle, notes, { live: liveAddress(settings), ...deps });
}

async function lookAtLive(settings: Neo4jSettings, context: Context): Promise<Target> {
  await using graph = await Graph.open(liveAddress(settings), context.signal);
  return { identity: (await position(graph)).database, version: await serverVersion(graph) };
}
