import neo4j, { type Driver } from 'neo4j-driver';
import { type Environment, optional, required } from './environment.ts';

/** Rows fetched at a time; bounds what is in memory. */
const FETCH_SIZE = 1000;

/** Connects, hands the driver to `work`, and closes it. Integers come as bigint, floats as number. */
export async function withNeo4j<Result>(
  environment: Environment,
  work: (driver: Driver, database: string) => Promise<Result>,
): Promise<Result> {
  const host = optional(environment, 'NEO4J_HOST', '127.0.0.1');
  const port = optional(environment, 'NEO4J_PORT', '7687');
  const login = neo4j.auth.basic(optional(environment, 'NEO4J_USER', 'neo4j'), required(environment, 'NEO4J_PASSWORD'));
  const driver = neo4j.driver(`bolt://${host}:${port}`, login, { useBigInt: true, fetchSize: FETCH_SIZE });
  try {
    return await work(driver, optional(environment, 'NEO4J_DATABASE', 'neo4j'));
  } finally {
    await driver.close();
  }
}
