import { chmod, lstat, readdir, rmdir, unlink } from 'node:fs/promises';
import type { Session } from 'neo4j-driver';
import { applicationDirectories } from '../clients/application.ts';
import type { Environment } from '../clients/environment.ts';
import { withNeo4j } from '../clients/neo4j.ts';
import { platformDatabase, superuserName, withPostgres } from '../clients/postgres.ts';
import { withRedis } from '../clients/redis.ts';

/** The disaster: leaves servers that run and hold nothing. May be called again; what is gone already is no error. */
export async function destroyAll(environment: Environment): Promise<void> {
  await Promise.all([
    destroyPostgres(environment),
    destroyNeo4j(environment),
    destroyRedis(environment),
    destroyApplication(environment),
  ]);
}

/** Drops the database, under the feet of whoever is connected, and every role but the system's and the superuser. */
export function destroyPostgres(environment: Environment): Promise<void> {
  return withPostgres(environment, 'superuser', 'postgres', async (client) => {
    const database = client.escapeIdentifier(platformDatabase(environment));
    await client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    const found = await client.query<{ name: string }>(
      `SELECT rolname AS name FROM pg_roles WHERE oid >= 16384 AND rolname NOT IN ($1, current_user)`,
      [superuserName(environment)],
    );
    const roles = found.rows.map(({ name }) => client.escapeIdentifier(name)).join(', ');
    if (roles !== '') await client.query(`DROP OWNED BY ${roles}; DROP ROLE ${roles}`);
  });
}

/** Deletes every relationship and node, then every constraint and index but the lookup indexes, which are built in. */
export function destroyNeo4j(environment: Environment): Promise<void> {
  return withNeo4j(environment, async (driver, database) => {
    const session = driver.session({ database });
    try {
      await session.run('MATCH ()-[r]->() CALL (r) { DELETE r } IN TRANSACTIONS OF 2000 ROWS');
      await session.run('MATCH (n) CALL (n) { DELETE n } IN TRANSACTIONS OF 2000 ROWS');
      await dropAll(session, 'CONSTRAINT', 'SHOW CONSTRAINTS YIELD name');
      await dropAll(session, 'INDEX', "SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP' RETURN name");
    } finally {
      await session.close();
    }
  });
}

async function dropAll(session: Session, what: string, listing: string): Promise<void> {
  const { records } = await session.run(listing);
  const names = records.map((record) => String(record.get('name')).replaceAll('`', '``'));
  for (const name of names) await session.run(`DROP ${what} \`${name}\``);
}

export function destroyRedis(environment: Environment): Promise<void> {
  return withRedis(environment, async (send) => {
    await send('FLUSHALL', 'SYNC');
    await send('FUNCTION', 'FLUSH', 'SYNC');
  });
}

/** Removes what is in the directories; they themselves stay, as the mount points of volumes would. */
export async function destroyApplication(environment: Environment): Promise<void> {
  for (const { path: root } of applicationDirectories(environment)) await emptyDirectory(Buffer.from(root));
}

/** Removes what is in a directory, whatever its mode and name: paths are bytes, a name need not be Unicode. */
export async function emptyDirectory(directory: Buffer): Promise<void> {
  for (const name of await readdir(directory, { encoding: 'buffer' })) {
    const child = Buffer.concat([directory, Buffer.from('/'), name]);
    if ((await lstat(child)).isDirectory()) {
      await chmod(child, 0o700);
      await emptyDirectory(child);
      await rmdir(child);
    } else {
      await unlink(child);
    }
  }
}
