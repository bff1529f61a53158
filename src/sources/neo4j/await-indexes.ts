import { setTimeout as delay } from 'node:timers/promises';
import { BackupError } from '../../base/errors.ts';
import type { Graph } from './connection.ts';

const POLL_MILLISECONDS = 50;

/**
 * Waits until the server has built every index. Those named in `mayFail` may turn out as they were before; where
 * another cannot be built the graph is not what it was.
 */
export async function awaitIndexes(graph: Graph, mayFail: ReadonlySet<string> = new Set()): Promise<void> {
  for (;;) {
    const rows = await graph.run(
      "SHOW INDEXES YIELD name, state, failureMessage WHERE state <> 'ONLINE' RETURN name, state, failureMessage",
    );
    const [name, why] = rows
      .filter((row) => row.get('state') === 'FAILED')
      .map((row) => [row.get('name') as string, firstLine(row.get('failureMessage'))] as const)
      .find(([each]) => !mayFail.has(each)) ?? [undefined, ''];
    if (name !== undefined) throw notBuilt(name, why);
    if (rows.every((row) => row.get('state') === 'FAILED')) return;
    await delay(POLL_MILLISECONDS);
  }
}

function notBuilt(name: string, why: string): BackupError {
  return new BackupError(`neo4j: index "${name}" could not be built: ${why}`, { kind: 'failed' });
}

function firstLine(message: unknown): string {
  return String(message).split('\n', 1)[0] ?? '';
}
