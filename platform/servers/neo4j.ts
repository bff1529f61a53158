import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import neo4j from 'neo4j-driver';
import { NEO4J_HOME } from '../host.ts';
import { freePort } from './ports.ts';
import { giveToServer, serverDirectory } from './runner.ts';
import { type ServerOptions, ThrowawayServer } from './server.ts';

const SMALL_HEAP = 512;

export interface Neo4jOptions extends ServerOptions {
  /**
   * Of the Java heap; 512 unless given. Up to that the server is set up to be there soon (in half the processor time),
   * beyond it to work for long.
   */
  readonly heapMegabytes?: number | undefined;
}

/** Starts a Neo4j 5 Community of its own: Bolt on 127.0.0.1 only, user neo4j with a password, nothing in it. */
export async function startNeo4j(options: Neo4jOptions = {}): Promise<ThrowawayServer> {
  const directory = await serverDirectory('neo4j', options.directory);
  const port = await freePort();
  const password = randomBytes(12).toString('hex');
  await layOut(directory, port, password, options.heapMegabytes ?? SMALL_HEAP);
  const env = { NEO4J_HOME, NEO4J_CONF: path.join(directory, 'conf'), HOME: directory };
  const launcher = path.join(NEO4J_HOME, 'bin', 'neo4j');
  const recipe = {
    name: 'neo4j',
    directory,
    port,
    password,
    foreground: { file: launcher, args: ['console'], cwd: directory, env },
    background: { file: launcher, args: ['start'], cwd: directory, env },
    pidFile: path.join(directory, 'run', 'neo4j.pid'),
    logFile: path.join(directory, 'logs', 'neo4j.log'),
    stopSignal: 'SIGTERM' as const,
    answers: () => answers(port, password),
    environment: {
      NEO4J_HOST: '127.0.0.1',
      NEO4J_PORT: String(port),
      NEO4J_USER: 'neo4j',
      NEO4J_PASSWORD: password,
      NEO4J_DATABASE: 'neo4j',
      NEO4J_HOME,
    },
  };
  const server = new ThrowawayServer(recipe, options);
  await server.start();
  return server;
}

const DIRECTORIES = ['data', 'logs', 'plugins', 'import', 'run', 'licenses', 'lib'];

async function layOut(directory: string, port: number, password: string, heapMegabytes: number): Promise<void> {
  const own = [...DIRECTORIES, 'conf', path.join('data', 'dbms')].map((each) => path.join(directory, each));
  for (const each of own) await mkdir(each, { recursive: true, mode: 0o700 });
  const configuration = path.join(directory, 'conf', 'neo4j.conf');
  await writeFile(configuration, settings(directory, port, heapMegabytes));
  const login = path.join(directory, 'data', 'dbms', 'auth.ini');
  await writeFile(login, initialLogin(password), { mode: 0o600 });
  await giveToServer(...own, configuration, login);
}

function settings(directory: string, port: number, heapMegabytes: number): string {
  return [
    ...DIRECTORIES.map((each) => `server.directories.${each}=${path.join(directory, each)}`),
    'server.default_listen_address=127.0.0.1',
    `server.bolt.listen_address=127.0.0.1:${port}`,
    `server.bolt.advertised_address=127.0.0.1:${port}`,
    'server.http.enabled=false',
    'server.memory.heap.initial_size=128m',
    `server.memory.heap.max_size=${heapMegabytes}m`,
    `server.memory.pagecache.size=${heapMegabytes > SMALL_HEAP ? heapMegabytes / 2 : 64}m`,
    'db.tx_log.preallocate=false',
    'internal.dbms.bolt.netty_server_shutdown_quiet_period=0',
    'dbms.usage_report.enabled=false',
    'server.jvm.additional=-XX:-UsePerfData',
    ...(heapMegabytes > SMALL_HEAP ? [] : ['server.jvm.additional=-XX:TieredStopAtLevel=1']),
    '',
  ].join('\n');
}

const ITERATIONS = 1024;

/** The file that `neo4j-admin dbms set-initial-password` writes; that takes a Java process and the password in argv. */
function initialLogin(password: string): string {
  const salt = randomBytes(32);
  let hash = createHash('sha256').update(salt).update(password).digest();
  for (let done = 1; done < ITERATIONS; done += 1) hash = createHash('sha256').update(hash).digest();
  return `neo4j:SHA-256,${hash.toString('hex')},${salt.toString('hex')},${ITERATIONS}:\n`;
}

async function answers(port: number, password: string): Promise<void> {
  const login = neo4j.auth.basic('neo4j', password);
  const driver = neo4j.driver(`bolt://127.0.0.1:${port}`, login, { connectionTimeout: 2000 });
  try {
    await driver.session({ database: 'neo4j' }).run('RETURN 1'); // unlike executeQuery, tries once
  } finally {
    await driver.close();
  }
}
