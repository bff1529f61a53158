import type { Environment } from '../clients/environment.ts';
import { fingerprintApplication } from './application/fingerprint.ts';
import type { Fingerprint } from './fingerprint.ts';
import { fingerprintNeo4j } from './neo4j/fingerprint.ts';
import { fingerprintPostgres } from './postgres/fingerprint.ts';
import { fingerprintRedis } from './redis/fingerprint.ts';

/** The services by the names that the design gives them; nothing here comes from what is being checked. */
export type FingerprintedService = 'postgres' | 'neo4j' | 'redis' | 'application';

type Take = (environment: Environment) => Promise<Fingerprint>;

export const FINGERPRINTS: Readonly<Record<FingerprintedService, Take>> = {
  postgres: fingerprintPostgres,
  neo4j: fingerprintNeo4j,
  redis: fingerprintRedis,
  application: fingerprintApplication,
};

/** What is in the four services now, taken from all of them at once. They must not be written to meanwhile. */
export async function fingerprint(environment: Environment): Promise<Record<FingerprintedService, Fingerprint>> {
  const [postgres, neo4j, redis, application] = await Promise.all([
    fingerprintPostgres(environment),
    fingerprintNeo4j(environment),
    fingerprintRedis(environment),
    fingerprintApplication(environment),
  ]);
  return { postgres, neo4j, redis, application };
}
