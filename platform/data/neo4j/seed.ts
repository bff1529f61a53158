import type { Driver } from 'neo4j-driver';
import type { Environment } from '../../clients/environment.ts';
import { withNeo4j } from '../../clients/neo4j.ts';
import { type Amount, countOf } from '../amount.ts';
import { BULK, ODDITIES } from './graph.ts';
import { SCHEMA } from './schema.ts';
import { EVERY_VALUE } from './values.ts';

const SEEDS = 1_000_003n;

/**
 * Fills an empty graph: constraints, indexes, a knowledge graph with students in it, and every odd thing once. A graph
 * that holds anything is left as it is.
 */
export function seedNeo4j(environment: Environment, amount: Amount): Promise<void> {
  return withNeo4j(environment, async (driver, database) => {
    const run = (query: string, parameters: Record<string, unknown> = {}): Promise<void> =>
      execute(driver, database, query, parameters);
    const { records } = await driver.executeQuery('MATCH (n) RETURN 1 LIMIT 1', {}, { database });
    if (records.length > 0) return;
    await createSchema(driver, database);
    const parameters = bulkParameters(amount);
    for (const statement of BULK) await run(statement, parameters);
    const examples = Object.entries(EVERY_VALUE).map(([kind, values]) => Object.assign({ kind }, values));
    await run('UNWIND $examples AS example CREATE (n:Example) SET n = example', { examples });
    await run(ODDITIES, parameters);
    await run('CALL db.awaitIndexes(600)');
  });
}

/** Counts as integers of Cypher. `seed` is kept small and positive: products stay within 64 bits, remainders positive. */
function bulkParameters(amount: Amount): Record<string, bigint> {
  return {
    seed: ((BigInt(amount.seed) % SEEDS) + SEEDS) % SEEDS,
    concepts: BigInt(Math.min(countOf(amount, 20), 2000)),
    students: BigInt(countOf(amount, 12)),
    attempts: BigInt(countOf(amount, 24)),
  };
}

async function createSchema(driver: Driver, database: string): Promise<void> {
  const session = driver.session({ database });
  try {
    await session.executeWrite(async (transaction) => {
      for (const statement of SCHEMA) await transaction.run(statement);
    });
  } finally {
    await session.close();
  }
}

/** In a transaction of its own, as `CALL … IN TRANSACTIONS` needs it. */
async function execute(driver: Driver, database: string, query: string, parameters: object): Promise<void> {
  const session = driver.session({ database });
  try {
    await session.run(query, parameters);
  } finally {
    await session.close();
  }
}
