import { spawn } from 'node:child_process';
import { Client } from 'pg';
import { type Environment, optional, required } from './environment.ts';

/** Who connects: the owner of the platform's database, or the cluster's superuser. */
export type PostgresLogin = 'owner' | 'superuser';

/** The platform's own database. */
export function platformDatabase(environment: Environment): string {
  return optional(environment, 'POSTGRES_DB', 'physics_assistant');
}

export function ownerName(environment: Environment): string {
  return optional(environment, 'POSTGRES_USER', 'physics_user');
}

export function superuserName(environment: Environment): string {
  return optional(environment, 'POSTGRES_SUPERUSER', 'postgres');
}

/** Connection parameters in the variables that libpq and its tools read. */
export function libpqEnvironment(environment: Environment, login: PostgresLogin): Record<string, string> {
  const superuser = login === 'superuser';
  return {
    PGHOST: optional(environment, 'POSTGRES_HOST', '127.0.0.1'),
    PGPORT: optional(environment, 'POSTGRES_PORT', '5432'),
    PGUSER: superuser ? superuserName(environment) : ownerName(environment),
    PGPASSWORD: required(environment, superuser ? 'POSTGRES_PASSWORD' : 'PHYSICS_DB_PASSWORD'),
  };
}

/** Connects, hands the connection to `work`, and closes it. */
export async function withPostgres<Result>(
  environment: Environment,
  login: PostgresLogin,
  database: string,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const parameters = libpqEnvironment(environment, login);
  const client = new Client({
    host: parameters['PGHOST'],
    port: Number(parameters['PGPORT']),
    user: parameters['PGUSER'],
    password: parameters['PGPASSWORD'],
    database,
  });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** What `pg_dump` with these arguments prints, as superuser, of the platform's database. */
export function pgDump(environment: Environment, args: readonly string[]): Promise<string> {
  const child = spawn('pg_dump', [...args, `--dbname=${platformDatabase(environment)}`], {
    env: {
      ...libpqEnvironment(environment, 'superuser'),
      PGTZ: 'UTC', // bounds of partitions are printed in the session's time zone
      PATH: optional(environment, 'PATH', DEFAULT_PATH),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(output.stdout);
      else reject(new Error(`pg_dump failed with exit code ${String(code)}: ${output.stderr.trim()}`));
    });
  });
}

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';
