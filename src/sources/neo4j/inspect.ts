import { asError, BackupError } from '../../base/errors.ts';
import type { Context, Finding, Inspection } from '../../model/source.ts';
import { Graph } from './connection.ts';
import { markers } from './marker.ts';
import { place } from './errors.ts';
import { serverKind } from './server.ts';
import { liveAddress, type Neo4jSettings } from './settings.ts';
import { roomFindings, toolFindings } from './tools.ts';

/** Read-only look at the server and at what a sandbox needs. */
export async function inspectGraph(settings: Neo4jSettings, context: Context): Promise<Inspection> {
  const server = await inspectServer(settings, context);
  const version = server.versions['server'];
  const tools = await toolFindings(settings.home, version, context);
  const room = server.bytes === 0 ? [] : await roomFindings(context.workDir, server.bytes);
  return { ...server, findings: [...server.findings, ...tools, ...room, ...(await cutoverFindings(settings))] };
}

/** Whether a restore will find the control that was set for it; it is not needed for anything else. */
async function cutoverFindings({ exchange }: Neo4jSettings): Promise<Finding[]> {
  if (exchange === undefined) return [];
  const { control } = exchange;
  try {
    const state = (await control.running()) ? 'runs' : 'does not run';
    return [{ subject: 'cutover', severity: 'ok', message: `restores stop and start ${control.name}, which ${state}` }];
  } catch (error) {
    const { message, hint } = error as BackupError;
    const why = `restores would rewrite the graph instead of exchanging its store: ${message}`;
    return [{ subject: 'cutover', severity: 'warning', message: why, ...(hint === undefined ? {} : { hint }) }];
  }
}

async function inspectServer(settings: Neo4jSettings, context: Context): Promise<Inspection> {
  try {
    await using graph = await Graph.open(liveAddress(settings), context.signal);
    return await look(graph);
  } catch (error) {
    if (context.signal.aborted) throw error;
    return { versions: {}, bytes: 0, findings: [problemOf(asError(error))] };
  }
}

async function look(graph: Graph): Promise<Inspection> {
  const { version, edition } = await serverKind(graph);
  const { nodes, relationships, bytes } = await size(graph);
  const message = `Neo4j ${version} ${edition} at ${place(graph.address)}, ${nodes} nodes, ${relationships} relationships`;
  const findings: Finding[] = [{ subject: 'server', severity: 'ok', message }];
  if (!version.startsWith('5.')) findings.push(unknownVersion(version));
  for (const marker of await markers(graph)) findings.push(unfinished(marker));
  return { versions: { server: version }, bytes, findings };
}

/** Rough: what an entity takes in a script and in a store. Counts come from the server's own statistics. */
const BYTES_OF_ENTITY = 200;

async function size(graph: Graph): Promise<{ nodes: number; relationships: number; bytes: number }> {
  const [nodes] = await graph.run('MATCH (n) RETURN count(n) AS count');
  const [relationships] = await graph.run('MATCH ()-[r]->() RETURN count(r) AS count');
  const counts = [nodes, relationships].map((row) => Number(row?.get('count') ?? 0));
  const [nodeCount = 0, relationshipCount = 0] = counts;
  return {
    nodes: nodeCount,
    relationships: relationshipCount,
    bytes: (nodeCount + relationshipCount) * BYTES_OF_ENTITY,
  };
}

function problemOf(error: Error): Finding {
  const { kind, hint } = error instanceof BackupError ? error : { kind: 'failed' as const, hint: undefined };
  const details = { kind, ...(hint === undefined ? {} : { hint }) };
  return { subject: 'server', severity: 'problem', message: error.message.replace(/^neo4j: /, ''), ...details };
}

function unknownVersion(version: string): Finding {
  return {
    subject: 'server',
    severity: 'warning',
    message: `Neo4j ${version} was never tried with this program; 5.x was`,
    hint: 'run a test recovery before you rely on it',
  };
}

function unfinished(marker: string): Finding {
  return {
    subject: 'server',
    severity: 'problem',
    message: 'a restore of this graph was not finished: it is neither the old one nor the new one',
    hint: `recover again, which ends it; if no journal knows it: DROP CONSTRAINT ${marker}`,
    kind: 'failed',
    stops: 'backup',
  };
}
