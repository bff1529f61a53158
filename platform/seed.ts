import { seedApplication } from './data/application/seed.ts';
import type { Amount } from './data/amount.ts';
import { seedNeo4j } from './data/neo4j/seed.ts';
import { seedPostgres } from './data/postgres/seed.ts';
import { seedRedis } from './data/redis/seed.ts';

type Seed = (environment: Record<string, string>, amount: Amount) => Promise<void>;

/** What fills each service, in a service that is up and empty. */
export const SEEDS: Readonly<Record<'postgres' | 'neo4j' | 'redis' | 'application', Seed>> = {
  postgres: seedPostgres,
  neo4j: seedNeo4j,
  redis: seedRedis,
  application: seedApplication,
};
