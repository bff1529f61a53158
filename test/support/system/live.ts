import { appendFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { applicationDirectories } from '../../../platform/clients/application.ts';
import { withNeo4j } from '../../../platform/clients/neo4j.ts';
import { platformDatabase, withPostgres } from '../../../platform/clients/postgres.ts';
import { withRedis } from '../../../platform/clients/redis.ts';
import { FINGERPRINTS } from '../../../platform/fingerprint/all.ts';
import { differences } from '../../../platform/fingerprint/compare.ts';
import type { Service } from '../../../src/model/vocabulary.ts';

type Environment = Readonly<Record<string, string>>;

/** What a live service holds, taken from it directly. */
export type Fingerprint = Awaited<ReturnType<(typeof FINGERPRINTS)['postgres']>>;

export function fingerprintOf(service: Service, environment: Environment): Promise<Fingerprint> {
  const { PATH: _, ...where } = environment; // not with the tools that a test put before the real ones
  return FINGERPRINTS[service](where);
}

/** Which of the named states the service is in now: `old`, `new`, or what differs from each. */
export async function nameState(
  service: Service,
  environment: Environment,
  states: Readonly<Record<string, Fingerprint>>,
): Promise<string> {
  const now = await fingerprintOf(service, environment);
  const compared = Object.entries(states).map(([name, state]) => ({ name, differing: differences(state, now) }));
  const equal = compared.find(({ differing }) => differing.length === 0);
  if (equal !== undefined) return equal.name;
  return compared.map(({ name, differing }) => `not ${name}: ${differing.slice(0, 3).join('; ')}`).join(' | ');
}

/** Makes live data differ from what was captured: something is added, something is gone. */
export const CHANGE: Readonly<Record<Service, (environment: Environment) => Promise<void>>> = {
  async postgres(environment) {
    await withPostgres(environment, 'owner', platformDatabase(environment), async (client) => {
      await client.query('CREATE TABLE made_after_the_backup (id int PRIMARY KEY, what text)');
      await client.query(`INSERT INTO made_after_the_backup VALUES (1, 'ä'), (2, NULL)`);
    });
  },
  async neo4j(environment) {
    await withNeo4j(environment, async (driver, database) => {
      await driver.executeQuery("CREATE (:MadeAfterTheBackup {what: 'ä'})", {}, { database });
      await driver.executeQuery('MATCH (s:Student) WITH s LIMIT 1 DETACH DELETE s', {}, { database });
    });
  },
  async redis(environment) {
    await withRedis(environment, async (send) => {
      await send('SET', 'made-after-the-backup', 'ä');
      await send('SWAPDB', '0', '3');
    });
  },
  async application(environment) {
    const [first] = applicationDirectories(environment);
    if (first === undefined) throw new Error('the platform has no application directory');
    const files = await readdir(first.path, { withFileTypes: true });
    const [gone, longer] = files.filter((each) => each.isFile()).map((each) => path.join(first.path, each.name));
    if (gone !== undefined) await rm(gone);
    if (longer !== undefined) await appendFile(longer, 'more');
    await writeFile(path.join(first.path, 'made after the backup ä'), 'new');
  },
};
