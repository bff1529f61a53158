import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createClient } from '@redis/client';
import { freePort } from './ports.ts';
import { giveToServer, serverDirectory } from './runner.ts';
import { type ServerOptions, ThrowawayServer } from './server.ts';

/** Starts a Redis of its own: append-only file, a password, 16 databases, 127.0.0.1 only, nothing in it. */
export async function startRedis(options: ServerOptions = {}): Promise<ThrowawayServer> {
  const directory = await serverDirectory('redis', options.directory);
  const port = await freePort();
  const password = randomBytes(12).toString('hex');
  const configuration = path.join(directory, 'redis.conf');
  await writeFile(configuration, settings(directory, port, password), { mode: 0o600 });
  await giveToServer(configuration);
  const recipe = {
    name: 'redis',
    directory,
    port,
    password,
    foreground: { file: 'redis-server', args: [configuration], cwd: directory },
    background: { file: 'redis-server', args: [configuration, '--daemonize', 'yes'], cwd: directory },
    pidFile: path.join(directory, 'redis.pid'),
    logFile: path.join(directory, 'redis.log'),
    stopSignal: 'SIGTERM' as const,
    answers: () => answers(port, password),
    environment: { REDIS_HOST: '127.0.0.1', REDIS_PORT: String(port), REDIS_PASSWORD: password },
  };
  const server = new ThrowawayServer(recipe, options);
  await server.start();
  return server;
}

function settings(directory: string, port: number, password: string): string {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    `dir "${directory}"`,
    'pidfile redis.pid',
    'logfile redis.log',
    'databases 16',
    'appendonly yes',
    // Replicas and redis-cli --rdb wait for this many seconds first; on the throwaway platform nobody else comes.
    'repl-diskless-sync-delay 0',
    // DEBUG DIGEST tells whether two data sets are equal.
    'enable-debug-command local',
    '',
  ].join('\n');
}

async function answers(port: number, password: string): Promise<void> {
  const client = createClient({ socket: { host: '127.0.0.1', port, reconnectStrategy: false }, password });
  client.on('error', () => undefined); // connect() rejects with it
  try {
    await client.connect();
    await client.ping();
  } finally {
    if (client.isOpen) client.destroy();
  }
}
