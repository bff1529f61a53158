import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withPostgres } from '../../platform/clients/postgres.ts';
import { withRedis } from '../../platform/clients/redis.ts';
import { freePort } from '../../platform/servers/ports.ts';
import { expectRefused } from '../support/system/refusals.ts';
import { openRig, type Rig, takeBackup } from '../support/system/rig.ts';
import { borrowNeo4j } from '../support/system/shared-neo4j.ts';
import { openSite } from '../support/system/site.ts';

let rig: Rig;
const backups: Record<string, string> = {};

beforeAll(async () => {
  rig = await openRig(['postgres', 'redis']);
  backups['postgres'] = await takeBackup(rig.site, 'postgres');
  backups['redis'] = await takeBackup(rig.site, 'redis');
});
afterAll(() => rig[Symbol.asyncDispose]());

describe('a server that is down', () => {
  const variables = { postgres: 'POSTGRES_PORT', redis: 'REDIS_PORT' } as const;
  test.each(['postgres', 'redis'] as const)('%s: neither backed up nor restored', async (service) => {
    const port = String(await freePort());
    const options = { environment: { [variables[service]]: port } };
    const refusal = { code: 7, says: new RegExp(`^${service}: .*${port}`), hint: new RegExp(variables[service]) };
    await expectRefused(rig.site, ['backup', service, 'daily'], refusal, options);
    await expectRefused(rig.site, ['restore', backups[service] ?? ''], refusal, options);
  });

  test('neo4j: not backed up', async () => {
    const port = String(await freePort());
    const live = { NEO4J_HOST: '127.0.0.1', NEO4J_PORT: port, NEO4J_PASSWORD: 'not asked for' };
    await using site = await openSite(['neo4j'], live);
    const refusal = { code: 7, says: new RegExp(`^neo4j: .*${port}`), hint: /NEO4J_PORT/ };
    await expectRefused(site, ['backup', 'neo4j', 'daily'], refusal);
  });
});

describe('a wrong password', () => {
  test('postgres, of the role that captures', async () => {
    const refusal = { code: 7, says: /^postgres: .*"physics_user"/, hint: /PHYSICS_DB_PASSWORD/ };
    const options = { environment: { PHYSICS_DB_PASSWORD: 'wrong' } };
    await expectRefused(rig.site, ['backup', 'postgres', 'daily'], refusal, options);
  });

  test('postgres, of the role that restores', async () => {
    const refusal = { code: 7, says: /^postgres: .*"postgres"/, hint: /POSTGRES_PASSWORD/ };
    const options = { environment: { POSTGRES_PASSWORD: 'wrong' } };
    await expectRefused(rig.site, ['restore', backups['postgres'] ?? ''], refusal, options);
  });

  test('redis', async () => {
    const refusal = { code: 7, says: /^redis: .*password/, hint: /REDIS_PASSWORD/ };
    const options = { environment: { REDIS_PASSWORD: 'wrong' } };
    await expectRefused(rig.site, ['backup', 'redis', 'daily'], refusal, options);
    await expectRefused(rig.site, ['restore', backups['redis'] ?? ''], refusal, options);
  });

  test('neo4j', async () => {
    await using neo4j = await borrowNeo4j();
    await using site = await openSite(['neo4j'], neo4j.environment);
    const options = { environment: { NEO4J_PASSWORD: 'wrong' } };
    const refusal = { code: 7, says: /^neo4j: user "neo4j" is refused/, hint: /NEO4J_PASSWORD/ };
    await expectRefused(site, ['backup', 'neo4j', 'daily'], refusal, options);
  });
});

describe('rights that are missing', () => {
  test('postgres: which they are, and the GRANT', async () => {
    const { environment } = rig.site;
    await withPostgres(environment, 'superuser', 'physics_assistant', async (client) => {
      await client.query(`CREATE ROLE newcomer LOGIN PASSWORD 'newcomer'`);
      const options = { environment: { POSTGRES_USER: 'newcomer', PHYSICS_DB_PASSWORD: 'newcomer' } };
      const closed = { code: 7, says: /^postgres: .*"newcomer"/, hint: /^GRANT CONNECT .* TO "newcomer";/ };
      await expectRefused(rig.site, ['backup', 'postgres', 'daily'], closed, options);
      await client.query('GRANT CONNECT ON DATABASE physics_assistant TO newcomer');
      const unread = { code: 7, says: /^postgres: role "newcomer" may not read /, hint: /^GRANT .* TO "newcomer";/ };
      await expectRefused(rig.site, ['backup', 'postgres', 'daily'], unread, options);
      await client.query('DROP OWNED BY newcomer; DROP ROLE newcomer');
    });
  });

  test('redis: which they are, and how to give them', async () => {
    await withRedis(rig.site.environment, (send) =>
      send('ACL', 'SETUSER', 'newcomer', 'on', '>newcomer', '~*', '+@all', '-sync'),
    );
    const options = { environment: { REDIS_USER: 'newcomer', REDIS_PASSWORD: 'newcomer' } };
    const refusal = {
      code: 7,
      says: /^redis: the user "newcomer" may not run SYNC/,
      hint: /^ACL SETUSER newcomer \+sync$/,
    };
    await expectRefused(rig.site, ['backup', 'redis', 'daily'], refusal, options);
    await withRedis(rig.site.environment, (send) => send('ACL', 'DELUSER', 'newcomer'));
  });
});

test('a database that is missing', async () => {
  const options = { environment: { POSTGRES_DB: 'not_there' } };
  const refusal = { code: 7, says: /^postgres: .*"not_there"/, hint: /POSTGRES_DB/ };
  await expectRefused(rig.site, ['backup', 'postgres', 'daily'], refusal, options);
});

test('an extension that the target of a restore lacks', async () => {
  const rename = (from: string, to: string): Promise<unknown> =>
    withPostgres(rig.site.environment, 'superuser', 'physics_assistant', (client) =>
      client.query('UPDATE pg_extension SET extname = $2 WHERE extname = $1', [from, to]),
    );
  await rename('pgcrypto', 'not_packaged'); // captured from a server that had it
  const backup = await takeBackup(rig.site, 'postgres');
  const refusal = { code: 7, says: /^postgres: .*extensions? not_packaged/, hint: /install .*not_packaged/ };
  await expectRefused(rig.site, ['restore', backup], refusal);
  await rename('not_packaged', 'pgcrypto');
});

test('one service that is down does not keep the others from being backed up', async () => {
  const options = { environment: { POSTGRES_PORT: String(await freePort()) } };
  const run = await rig.site.run(['--json', 'backup', 'all', 'weekly'], options);
  const document = JSON.parse(run.stdout) as { recoveryPoint: unknown; backups: { service: string }[] };
  expect({ code: run.code, ...document }).toMatchObject({
    code: 7,
    recoveryPoint: null,
    backups: [{ service: 'redis' }],
    errors: [{ kind: 'unreachable' }],
  });
});
