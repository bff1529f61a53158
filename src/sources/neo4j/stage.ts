import path from 'node:path';
import { BackupError } from '../../base/errors.ts';
import type { Facts } from '../../model/facts.ts';
import type { Context, ReadableBackup, StagedHandle, StagedRestore, StageRequest } from '../../model/source.ts';
import { startNeo4jSandbox } from '../../sandbox/neo4j.ts';
import { SCRIPT } from './capture.ts';
import { Graph } from './connection.ts';
import { position } from './consistency.ts';
import { factsOfGraph } from './graph-facts.ts';
import { loadScript } from './load.ts';
import { newMarker } from './marker.ts';
import { assertSameServer, GraphRestore, type RestoreDeps } from './restore.ts';
import { type Note, stagedNote } from './restore-notes.ts';
import { liveAddress, type Neo4jSettings } from './settings.ts';

type Deps = Pick<RestoreDeps, 'journal' | 'safety'>;

/** Builds the graph in a sandbox and counts it there; what was counted is the proof that the backup restores. */
export async function stageGraph(
  request: StageRequest,
  settings: Neo4jSettings,
  deps: Deps,
  context: Context,
): Promise<StagedRestore> {
  const backup = request.chain.at(-1);
  if (backup === undefined) throw new BackupError('neo4j: no backup to restore', { kind: 'failed' });
  const server = request.target === 'live' ? await identity(settings, context) : 'sandbox';
  const handle: StagedHandle = {
    version: 1,
    service: 'neo4j',
    server,
    backup: backup.id,
    details: { marker: newMarker(), target: request.target },
  };
  await deps.journal.handle(handle);
  await context.reached('restore.journalled');
  const staged = stagedNote(await rehearse(backup, settings, context));
  await deps.journal.note(staged);
  await context.reached('restore.staged');
  return restoreOf(handle, [staged], settings, deps);
}

/** Takes a restore up again; the sandbox of the run before is not needed for it. */
export async function attachGraph(
  handle: StagedHandle,
  notes: readonly Note[],
  settings: Neo4jSettings,
  deps: Deps,
  context: Context,
): Promise<StagedRestore> {
  if (handle.server !== 'sandbox') {
    await using graph = await Graph.open(liveAddress(settings), context.signal);
    await assertSameServer(graph, handle);
  }
  return restoreOf(handle, notes, settings, deps);
}

function restoreOf(handle: StagedHandle, notes: readonly Note[], settings: Neo4jSettings, deps: Deps): StagedRestore {
  return new GraphRestore(handle, notes, { live: liveAddress(settings), ...deps });
}

async function identity(settings: Neo4jSettings, context: Context): Promise<string> {
  await using graph = await Graph.open(liveAddress(settings), context.signal);
  return (await position(graph)).database;
}

async function rehearse(backup: ReadableBackup, settings: Neo4jSettings, context: Context): Promise<Facts> {
  const { workDir: directory, processes, signal } = context;
  const registry = settings.sandboxes ?? path.join(directory, 'sandboxes');
  context.progress.step('start a sandbox');
  const isSmall = scriptBytes(backup) < SMALL;
  const { home } = settings;
  await using sandbox = await startNeo4jSandbox({ directory, home, registry, processes, isSmall }, signal);
  await using graph = await Graph.open(sandbox.address, signal);
  await loadScript(graph, backup.chunks(SCRIPT), context);
  return await factsOfGraph(graph, context);
}

/** About 100,000 entities: below, the sandbox's Java does better without its optimizing compiler. */
const SMALL = 16 * 1024 * 1024;

function scriptBytes({ artifacts }: ReadableBackup): number {
  return artifacts.find(({ extension }) => extension === SCRIPT.extension)?.plainBytes ?? 0;
}
