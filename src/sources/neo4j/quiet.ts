import { setTimeout as delay } from 'node:timers/promises';
import { stopwatch } from '../../base/clock.ts';
import type { Graph } from './connection.ts';

/** Transactions that still run then are ended by us. */
const PATIENCE_SECONDS = 5;

/**
 * Waits until nobody else works on the database, and ends what does not end: what an application left open, or what
 * a run of ours that was killed or cancelled had sent, which could otherwise commit into the graph as it is replaced.
 */
export async function endOtherTransactions(graph: Graph): Promise<void> {
  const seconds = stopwatch();
  for (let others = await transactions(graph); others.length > 0; others = await transactions(graph)) {
    if (seconds() > PATIENCE_SECONDS) await graph.run('TERMINATE TRANSACTIONS $others', { others });
    await delay(50);
  }
}

async function transactions(graph: Graph): Promise<string[]> {
  const rows = await graph.run(
    `SHOW TRANSACTIONS YIELD transactionId, database, currentQuery, metaData
     WHERE database = $database AND NOT coalesce(currentQuery, '') STARTS WITH 'SHOW TRANSACTIONS YIELD' RETURN transactionId`,
    { database: graph.address.database },
  );
  return rows.map((row) => row.get('transactionId') as string);
}
