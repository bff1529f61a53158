import { randomBytes } from 'node:crypto';
import { appendFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { POSTGRES_BIN } from '../../scripts/setup/locations.mjs';
import { processes } from '../host.ts';
import { freePort } from './ports.ts';
import { asServerUser, giveToServer, serverDirectory } from './runner.ts';
import { type ServerOptions, ThrowawayServer } from './server.ts';

/** The role that initdb makes; its password is `password` of the server. */
const SUPERUSER = 'postgres';

// sockaddr_un has room for 107 bytes, and the name of the socket needs some of them.
const LONGEST_SOCKET_DIRECTORY = 85;

/** Starts a PostgreSQL 15 of its own: passwords by SCRAM, 127.0.0.1 only, C.UTF-8, nothing in it. */
export async function startPostgres(options: ServerOptions = {}): Promise<ThrowawayServer> {
  const directory = await serverDirectory('postgres', options.directory);
  const data = path.join(directory, 'data');
  const port = await freePort();
  const password = randomBytes(12).toString('hex');
  await initialise(directory, data, password, options.signal ?? AbortSignal.any([]));
  await configure(directory, data, port);
  const postgres = path.join(POSTGRES_BIN, 'postgres');
  const logFile = path.join(directory, 'postgres.log');
  const controlLog = path.join(directory, 'start.log');
  const recipe = {
    name: 'postgres',
    directory,
    port,
    password,
    logFile,
    foreground: { file: postgres, args: ['-D', data], cwd: directory },
    background: {
      file: path.join(POSTGRES_BIN, 'pg_ctl'),
      args: ['start', '-W', '-s', '-D', data, '-l', controlLog],
      cwd: directory,
    },
    pidFile: path.join(data, 'postmaster.pid'),
    stopSignal: 'SIGINT' as const,
    answers: () => answers(port, password),
    environment: {
      POSTGRES_HOST: '127.0.0.1',
      POSTGRES_PORT: String(port),
      POSTGRES_SUPERUSER: SUPERUSER,
      POSTGRES_PASSWORD: password,
    },
  };
  const server = new ThrowawayServer(recipe, options);
  await server.start();
  return server;
}

async function initialise(directory: string, data: string, password: string, signal: AbortSignal): Promise<void> {
  const passwordFile = path.join(directory, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  await giveToServer(passwordFile);
  const args = ['-D', data, '-U', SUPERUSER, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  const locale = ['--locale=C.UTF-8', '--encoding=UTF8', '--no-sync'];
  const initdb = { file: path.join(POSTGRES_BIN, 'initdb'), args: [...args, ...locale], cwd: directory };
  await processes.run(asServerUser(initdb, true), signal);
  await rm(passwordFile);
}

async function configure(directory: string, data: string, port: number): Promise<void> {
  const socketDirectory = directory.length <= LONGEST_SOCKET_DIRECTORY ? directory : '';
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: socketDirectory,
    max_connections: '100',
    max_locks_per_transaction: '256',
    // It is thrown away: what a power cut would do to it does not matter.
    fsync: 'off',
    synchronous_commit: 'off',
    // Files of the data directory instead of /dev/shm, so that a killed server leaves nothing there.
    dynamic_shared_memory_type: 'mmap',
    max_wal_size: '2GB',
    timezone: 'UTC',
    logging_collector: 'on',
    log_directory: directory,
    log_filename: 'postgres.log',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`);
  await appendFile(path.join(data, 'postgresql.conf'), `\n${lines.join('')}`);
}

async function answers(port: number, password: string): Promise<void> {
  const client = new Client({ host: '127.0.0.1', port, user: SUPERUSER, password, database: 'postgres' });
  client.on('error', () => undefined); // connect() rejects with it
  try {
    await client.connect();
  } finally {
    await client.end().catch(() => undefined);
  }
}
