import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import type { Client } from 'pg';
import { ownerName, platformDatabase } from '../../clients/postgres.ts';
import { type Environment, required } from '../../clients/environment.ts';

/** Creates the roles and the empty database, as superuser. No plain password reaches the server or its log. */
export async function createRoles(superuser: Client, environment: Environment, seed: number): Promise<void> {
  const owner = superuser.escapeIdentifier(ownerName(environment));
  const database = superuser.escapeIdentifier(platformDatabase(environment));
  const verifier = (name: string, password: string): string =>
    superuser.escapeLiteral(scramVerifier(password, `${seed}/${name}`));
  await superuser.query(`
    CREATE ROLE ${owner} LOGIN PASSWORD ${verifier('owner', required(environment, 'PHYSICS_DB_PASSWORD'))};
    COMMENT ON ROLE ${owner} IS 'Owner of the platform''s data';
    CREATE ROLE physics_app LOGIN PASSWORD ${verifier('app', `app-${seed}`)} CONNECTION LIMIT 50;
    ALTER ROLE physics_app SET statement_timeout = '30s';
    ALTER ROLE physics_app SET search_path = public, analytics;
    CREATE ROLE physics_teachers NOLOGIN;
    COMMENT ON ROLE physics_teachers IS 'Group: everyone who grades — Lehrkräfte, 教師';
    CREATE ROLE physics_alice LOGIN PASSWORD ${verifier('alice', `alice-${seed}`)};
    CREATE ROLE physics_bob LOGIN NOINHERIT PASSWORD '${md5Verifier('physics_bob', `bob-${seed}`)}'
      CONNECTION LIMIT 5 VALID UNTIL '2099-12-31 23:59:59+00';
    CREATE ROLE physics_batch NOLOGIN BYPASSRLS CREATEDB;
    ALTER ROLE physics_batch SET work_mem = '64MB';
    ALTER ROLE physics_batch SET maintenance_work_mem = '128MB';
    CREATE ROLE physics_monitor LOGIN;
    CREATE ROLE "Tutor ""Äpfel"" 🍎" LOGIN PASSWORD ${verifier('tutor', `tutor-${seed}`)} CREATEROLE;
    COMMENT ON ROLE "Tutor ""Äpfel"" 🍎" IS E'a name that needs quotes\\nand a comment of two lines';
    GRANT pg_monitor TO physics_monitor;
    GRANT physics_teachers TO physics_alice WITH ADMIN OPTION;
    GRANT physics_teachers TO physics_bob, "Tutor ""Äpfel"" 🍎";
    GRANT physics_batch TO physics_app;
  `);
  await superuser.query(
    `CREATE DATABASE ${database} OWNER ${owner} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8' CONNECTION LIMIT 90`,
  );
  await superuser.query(`
    COMMENT ON DATABASE ${database} IS 'Physics Assistant: students, problems, interactions (日本語 ✓)';
    REVOKE CONNECT, TEMPORARY ON DATABASE ${database} FROM PUBLIC;
    GRANT CONNECT ON DATABASE ${database} TO physics_app, physics_monitor;
    GRANT CONNECT, CREATE ON DATABASE ${database} TO physics_teachers WITH GRANT OPTION;
    ALTER DATABASE ${database} SET "TimeZone" = 'Europe/Berlin';
    ALTER DATABASE ${database} SET default_statistics_target = 200;
    ALTER ROLE physics_batch IN DATABASE ${database} SET synchronous_commit = off;
    ALTER ROLE ${owner} IN DATABASE ${database} SET lock_timeout = '5min';
  `);
}

const SCRAM_ITERATIONS = 4096;

/** A verifier as PostgreSQL stores it (RFC 5803), with a salt that depends on `saltOf` only. */
function scramVerifier(password: string, saltOf: string): string {
  const salt = createHash('sha256').update(saltOf).digest().subarray(0, 16);
  const salted = pbkdf2Sync(password, salt, SCRAM_ITERATIONS, 32, 'sha256');
  const hmac = (key: string): Buffer => createHmac('sha256', salted).update(key).digest();
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64');
  const serverKey = hmac('Server Key').toString('base64');
  return `SCRAM-SHA-256$${SCRAM_ITERATIONS}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}

/** The old form, which a dump of roles has to carry as well. */
function md5Verifier(role: string, password: string): string {
  return `md5${createHash('md5')
    .update(password + role)
    .digest('hex')}`;
}
