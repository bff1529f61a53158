import path from 'node:path';
import type { Facts } from '../../model/facts.ts';
import type { Context, ReadableBackup } from '../../model/source.ts';
import { type Neo4jSandbox, startNeo4jSandbox } from '../../sandbox/neo4j.ts';
import { SCRIPT } from './capture.ts';
import { Graph } from './connection.ts';
import { factsOfGraph } from './graph-facts.ts';
import { loadScript } from './load.ts';
import { serverVersion } from './server.ts';
import type { Neo4jSettings } from './settings.ts';

/** A backup that was loaded into a sandbox and counted there: the proof that it restores. */
export interface Rehearsal extends AsyncDisposable {
  readonly facts: Facts;
  /** Of the sandbox's server. */
  readonly version: string;
  /** Ends the sandbox in good order; the directory that holds its store, there until this is disposed of. */
  close(): Promise<{ readonly dataDirectory: string }>;
}

export async function rehearse(backup: ReadableBackup, settings: Neo4jSettings, context: Context): Promise<Rehearsal> {
  await using stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startSandbox(backup, settings, context));
  const { facts, version } = await load(backup, sandbox, context);
  const owned = stack.move();
  return { facts, version, close: () => sandbox.close(), [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function load(
  backup: ReadableBackup,
  { address }: Neo4jSandbox,
  context: Context,
): Promise<Pick<Rehearsal, 'facts' | 'version'>> {
  await using graph = await Graph.open(address, context.signal);
  await loadScript(graph, backup.chunks(SCRIPT), context);
  return { facts: await factsOfGraph(graph, context), version: await serverVersion(graph) };
}

async function startSandbox(
  backup: ReadableBackup,
  { home, sandboxes }: Neo4jSettings,
  { workDir: directory, processes, progress, signal }: Context,
): Promise<Neo4jSandbox> {
  const registry = sandboxes ?? path.join(directory, 'sandboxes');
  progress.step('start a sandbox');
  const isSmall = scriptBytes(backup) < SMALL;
  return await startNeo4jSandbox({ directory, home, registry, processes, isSmall }, signal);
}

/** About 100,000 entities: below, the sandbox's Java does better without its optimizing compiler. */
const SMALL = 16 * 1024 * 1024;

function scriptBytes({ artifacts }: ReadableBackup): number {
  return artifacts.find(({ extension }) => extension === SCRIPT.extension)?.plainBytes ?? 0;
}
