import type { Client } from 'pg';
import type { Environment } from '../../clients/environment.ts';
import { platformDatabase, withPostgres } from '../../clients/postgres.ts';
import type { Fingerprint } from '../fingerprint.ts';
import { fingerprintCatalogue, fingerprintStates } from './catalogue.ts';
import { fingerprintDatabase, fingerprintRoles } from './cluster.ts';
import { fingerprintLargeObjects, fingerprintRows, fingerprintSequences } from './rows.ts';

/** Text of values must not depend on the settings of database and role. */
const CANONICAL = `
  SET search_path = pg_catalog; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres';
  SET extra_float_digits = 1; SET bytea_output = 'hex'; SET xmloption = 'content'; SET row_security = off;
  SET lock_timeout = 0; SET statement_timeout = 0; SET jit = off`;

/** As superuser: rows, sequences, large objects, catalogue, the database's properties and the cluster's roles. */
export function fingerprintPostgres(environment: Environment): Promise<Fingerprint> {
  return withPostgres(environment, 'superuser', platformDatabase(environment), async (client) => {
    await client.query(CANONICAL);
    const catalogue = fingerprintCatalogue(environment);
    const [, objects] = await Promise.all([catalogue, fingerprintSession(client)]);
    return { ...(await catalogue), ...objects };
  });
}

/** One query after the other: a connection does one at a time. */
async function fingerprintSession(client: Client): Promise<Fingerprint> {
  return {
    ...(await fingerprintDatabase(client)),
    ...(await fingerprintRoles(client)),
    ...(await fingerprintStates(client)),
    ...(await fingerprintSequences(client)),
    ...(await fingerprintLargeObjects(client)),
    ...(await fingerprintRows(client)),
  };
}
