import { readFile } from 'node:fs/promises';
import type { Client } from 'pg';
import type { Environment } from '../../clients/environment.ts';
import { ownerName, platformDatabase, withPostgres } from '../../clients/postgres.ts';
import type { Amount } from '../amount.ts';
import { createRoles } from './roles.ts';

/** Fills an empty cluster: roles, the platform's database, its objects and rows. */
export async function seedPostgres(environment: Environment, amount: Amount): Promise<void> {
  const database = platformDatabase(environment);
  await withPostgres(environment, 'superuser', 'postgres', (superuser) =>
    createRoles(superuser, environment, amount.seed),
  );
  await withPostgres(environment, 'owner', database, async (owner) => {
    await owner.query(await sql('schema.sql'));
    await fill(owner, amount);
  });
  await withPostgres(environment, 'superuser', database, async (superuser) => {
    const script = await sql('superuser.sql');
    await superuser.query(script.replaceAll('%owner%', superuser.escapeIdentifier(ownerName(environment))));
  });
}

async function fill(owner: Client, amount: Amount): Promise<void> {
  await owner.query(`SET TimeZone = 'UTC'; SET synchronous_commit = off; SET jit = off`);
  await owner.query(seedFunctions(amount));
  await owner.query(await sql('data.sql'));
  await owner.query('ANALYZE');
}

/** The functions that data.sql draws its values from. */
function seedFunctions({ scale, seed }: Amount): string {
  const hash = `hashint8extended(i, ${seed} * 1000003::bigint + salt)`;
  return `
    CREATE FUNCTION pg_temp.size(per_scale int) RETURNS int IMMUTABLE LANGUAGE sql
      AS 'SELECT greatest(1, round(per_scale * ${scale}::numeric))::int';
    CREATE FUNCTION pg_temp.pick(i bigint, salt int, n int) RETURNS int IMMUTABLE LANGUAGE sql
      AS 'SELECT abs(mod(${hash}, n))::int';
    CREATE FUNCTION pg_temp.unit(i bigint, salt int) RETURNS double precision IMMUTABLE LANGUAGE sql
      AS 'SELECT (${hash} & 9007199254740991) / 9007199254740992.0::double precision';
    CREATE FUNCTION pg_temp.hex(i bigint, salt int) RETURNS text IMMUTABLE LANGUAGE sql
      AS 'SELECT md5(int8send(${hash}))';
  `;
}

function sql(file: string): Promise<string> {
  return readFile(new URL(file, import.meta.url), 'utf8');
}
