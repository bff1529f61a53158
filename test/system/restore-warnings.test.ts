import { expect, test } from 'vitest';
import { withPostgres } from '../../platform/clients/postgres.ts';
import { complaintOf } from '../support/system/program.ts';
import { openRestoreRig } from '../support/system/restore-rig.ts';

test('a restore that leaves a live role as it is says so, with 4', async () => {
  await using rig = await openRestoreRig('postgres');
  const superuser = (sql: string) =>
    withPostgres(rig.site.environment, 'superuser', 'postgres', async (client) => (await client.query(sql)).rows);
  await superuser('ALTER ROLE physics_app CONNECTION LIMIT 3');
  const run = await rig.site.run(['--quiet', 'restore', rig.backup]);
  expect(run.code).toBe(4);
  expect(run.stderr).toContain(`warning: postgres: role "physics_app" differs from the backup's: left as it is`);
  expect(complaintOf(run).errors).toEqual([]);
  expect(await superuser(`SELECT rolconnlimit FROM pg_roles WHERE rolname = 'physics_app'`)).toEqual([
    { rolconnlimit: 3 },
  ]);
  await superuser('ALTER ROLE physics_app CONNECTION LIMIT 50');
  expect(await rig.state()).toBe('old');
});
