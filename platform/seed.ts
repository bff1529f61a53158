import type { Amount } from './data/amount.ts';
import { seedPostgres } from './data/postgres/seed.ts';

type Seed = (environment: Record<string, string>, amount: Amount) => Promise<void>;

/** What fills each service, in a service that is up and empty. */
export const SEEDS: Readonly<Record<'postgres' | 'neo4j' | 'redis' | 'application', Seed>> = {
  postgres: seedPostgres,
  neo4j: () => Promise.resolve(),
  redis: () => Promise.resolve(),
  application: () => Promise.resolve(),
};
