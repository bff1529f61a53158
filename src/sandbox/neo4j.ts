import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import neo4j from 'neo4j-driver';
import { BackupError, throwIfAborted } from '../base/errors.ts';
import { type Processes, ProcessFailed, type RunningProcess } from '../base/processes.ts';
import { freePort } from './ports.ts';
import { registerSandbox } from './registry.ts';

export interface Neo4jSandboxSettings {
  /** A new directory is made here; it holds the store while the sandbox lives. */
  readonly directory: string;
  /** NEO4J_HOME of the installation that is run. */
  readonly home: string;
  /** Where the sandbox is registered, for a later run to sweep it if this one is killed. */
  readonly registry: string;
  readonly processes: Processes;
  /** Whether it will have little to do: then optimizing its code costs as much again as running it. */
  readonly isSmall: boolean;
}

/** A throwaway Neo4j Community server on the loopback interface, with an empty database `neo4j`. */
export interface Neo4jSandbox extends AsyncDisposable {
  readonly address: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly database: string;
  };
  /** Ends it in good order. Its store may be taken out of the data directory, which lives as long as the sandbox. */
  close(): Promise<{ readonly dataDirectory: string }>;
}

/** Another process may take the port between our asking and the server's binding it. */
const ATTEMPTS = 3;

/** Starts a sandbox and waits until it answers. Kinds: `missing-tool`, `failed`, `cancelled`. */
export async function startNeo4jSandbox(settings: Neo4jSandboxSettings, signal: AbortSignal): Promise<Neo4jSandbox> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(settings, signal);
    } catch (error) {
      if (!(error instanceof PortTaken) || attempt === ATTEMPTS) throw error;
    }
  }
}

class PortTaken extends BackupError {}

async function startOnce(settings: Neo4jSandboxSettings, signal: AbortSignal): Promise<Neo4jSandbox> {
  throwIfAborted(signal);
  const { processes, home, registry } = settings;
  const launcher = processes.find(
    path.join(home, 'bin', 'neo4j'),
    'set NEO4J_HOME to an installation of Neo4j Community 5',
  );
  const directory = path.join(settings.directory, `neo4j-sandbox-${randomBytes(4).toString('hex')}`);
  await using stack = new AsyncDisposableStack();
  const registered = stack.use(await registerSandbox(registry, directory, processes, signal));
  const port = await freePort();
  const password = randomBytes(24).toString('hex');
  await layOut(settings, directory, port, password);
  const env = { NEO4J_HOME: home, NEO4J_CONF: path.join(directory, 'conf'), HOME: directory, ...registered.env };
  const command = { file: launcher, args: ['console'], cwd: directory, env };
  const server = processes.start(command, {}, new AbortController().signal); // ended by stop() alone
  stack.defer(() => stop(server));
  await registered.started(server.pid);
  const address = { host: '127.0.0.1', port, user: 'neo4j', password, database: 'neo4j' };
  await answering(server, address, directory, signal);
  const owned = stack.move();
  return {
    address,
    async close() {
      await closeInOrder(server);
      return { dataDirectory: path.join(directory, 'data') };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What SIGTERM ends counts as in order: the store is closed before Java ends by it. */
const ENDED_BY_SIGTERM = 143;
const CLOSING_MILLISECONDS = 300_000;

async function closeInOrder(server: RunningProcess): Promise<void> {
  process.kill(-server.pid, 'SIGTERM'); // not stop(): its grace is short
  const timer = setTimeout(() => server.stop(), CLOSING_MILLISECONDS);
  try {
    await server.ended;
  } catch (error) {
    const inOrder = error instanceof ProcessFailed && (error.code === ENDED_BY_SIGTERM || error.killedBy === 'SIGTERM');
    if (!inOrder) throw error;
  } finally {
    clearTimeout(timer);
  }
}

const DIRECTORIES = ['data', 'logs', 'plugins', 'import', 'run', 'licenses'];

async function layOut(
  { isSmall }: Neo4jSandboxSettings,
  directory: string,
  port: number,
  password: string,
): Promise<void> {
  for (const each of [...DIRECTORIES, 'conf', path.join('data', 'dbms')])
    await mkdir(path.join(directory, each), { recursive: true, mode: 0o700 });
  await writeFile(path.join(directory, 'conf', 'neo4j.conf'), configuration(directory, port, isSmall));
  await writeFile(path.join(directory, 'data', 'dbms', 'auth.ini'), initialLogin(password), { mode: 0o600 });
}

function configuration(directory: string, port: number, isSmall: boolean): string {
  return [
    ...DIRECTORIES.map((each) => `server.directories.${each}=${path.join(directory, each)}`),
    'server.config.strict_validation.enabled=false', // settings that other versions do not know
    'server.default_listen_address=127.0.0.1',
    `server.bolt.listen_address=127.0.0.1:${port}`,
    `server.bolt.advertised_address=127.0.0.1:${port}`,
    'server.http.enabled=false',
    'server.https.enabled=false',
    'server.memory.heap.initial_size=128m',
    'server.memory.heap.max_size=256m',
    'server.memory.pagecache.size=64m',
    ...(isSmall ? ['server.jvm.additional=-XX:TieredStopAtLevel=1'] : []),
    'server.jvm.additional=-XX:-UsePerfData', // would leave a file in the temporary directory
    'db.tx_log.preallocate=false', // half a gigabyte
    'db.tx_log.rotation.retention_policy=keep_none',
    'db.logs.query.enabled=OFF',
    'dbms.usage_report.enabled=false',
    'internal.dbms.bolt.netty_server_shutdown_quiet_period=0',
    '',
  ].join('\n');
}

const ITERATIONS = 1024;

/**
 * What `neo4j-admin dbms set-initial-password` would write; that takes a Java process, and the password as an
 * argument, where every user of the machine could read it.
 */
function initialLogin(password: string): string {
  const salt = randomBytes(32);
  let hash = createHash('sha256').update(salt).update(password).digest();
  for (let done = 1; done < ITERATIONS; done += 1) hash = createHash('sha256').update(hash).digest();
  return `neo4j:SHA-256,${hash.toString('hex')},${salt.toString('hex')},${ITERATIONS}:\n`;
}

async function answering(
  server: RunningProcess,
  { host, port, user, password }: Neo4jSandbox['address'],
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  let ended = false;
  const finished = (): void => void (ended = true);
  server.ended.then(finished, finished);
  const login = neo4j.auth.basic(user, password);
  await using driver = neo4j.driver(`bolt://${host}:${port}`, login, { connectionTimeout: 2000 });
  while (!(await answers(driver))) {
    if (ended) throw await whyEnded(server, directory);
    throwIfAborted(signal);
    await delay(100);
  }
}

async function answers(driver: neo4j.Driver): Promise<boolean> {
  await using session = driver.session({ database: 'neo4j' });
  return await session.run('RETURN 1').then(
    () => true,
    () => false,
  );
}

/** A throwaway store need not be closed: it is ended at once, with its launcher. */
async function stop(server: RunningProcess): Promise<void> {
  try {
    process.kill(-server.pid, 'SIGKILL');
  } catch {
    // it has ended
  }
  await server.ended.catch(() => undefined);
}

/** What the server said before it gave up. */
async function whyEnded(server: RunningProcess, directory: string): Promise<BackupError> {
  const log = await readFile(path.join(directory, 'logs', 'neo4j.log'), 'utf8').catch(() => '');
  const said = await server.ended.then(
    ({ stderr }) => stderr,
    (error: unknown) => String(error),
  );
  const complaint = /(?:ERROR|Caused by:?) .*/.exec(log)?.[0] ?? said.trim().split('\n').at(-1) ?? '';
  const message = `the Neo4j sandbox did not start: ${complaint}`;
  if (/Address already in use/.test(log)) return new PortTaken(message, { kind: 'failed', retrySafe: true });
  return new BackupError(message, { kind: 'failed', hint: 'it needs Java 17 or 21 and about 400 MB of memory' });
}
