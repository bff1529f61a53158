// Java can keep the classes of one run for the next (JEP 350): Neo4j then starts in about half the time.
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { neo4jHome } from './locations.mjs';
import { find, interrupted, run, track } from './run.mjs';

const TOO_LONG = 600_000;

/** Optional: where it cannot be made, Neo4j starts without it. */
export function neo4jArchive() {
  const home = neo4jHome(process.env, process.getuid());
  return {
    name: 'Neo4j class archive',
    missing: () => (readStamp(home) === stamp(home) || isAnothers(home) ? undefined : 'not made for this Java'),
    install: async () => {
      const directory = path.join(home, 'cds');
      mkdirSync(directory, { recursive: true });
      const scratch = mkdtempSync(path.join(directory, 'scratch-'));
      const wanted = stamp(home);
      try {
        await record(home, scratch);
        renameSync(path.join(scratch, 'neo4j.jsa'), path.join(directory, 'neo4j.jsa'));
      } catch (error) {
        return `Neo4j will start more slowly: ${error.message}`;
      } finally {
        rmSync(scratch, { recursive: true, force: true });
        // Also where it failed, because it would fail again.
        if (!interrupted()) writeFileSync(path.join(directory, 'made-for'), wanted);
      }
    },
  };
}

/** Root's, and we are not root: then it is as it is. */
function isAnothers(home) {
  return existsSync(home) && statSync(home).uid !== process.getuid();
}

/** The archive fits one Java and one set of jars. */
function stamp(home) {
  const java = find(process.env.JAVA_HOME ? `${process.env.JAVA_HOME}/bin/java` : 'java');
  if (java === undefined || !existsSync(path.join(home, 'lib'))) return 'neither Java nor jars';
  const modules = path.join(realpathSync(java), '..', '..', 'lib', 'modules');
  const made = existsSync(modules) ? statSync(modules).mtimeMs : 0;
  return `${realpathSync(java)} ${made} ${statSync(path.join(home, 'lib')).mtimeMs}`;
}

function readStamp(home) {
  const file = path.join(home, 'cds', 'made-for');
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** Starts a server that keeps its classes when it ends, has it answer one query, and ends it. */
async function record(home, scratch) {
  const conf = path.join(scratch, 'neo4j.conf');
  const port = await freePort();
  writeFileSync(conf, settings(scratch, port));
  const environment = { ...process.env, NEO4J_HOME: home, NEO4J_CONF: scratch };
  const server = track(
    spawn(path.join(home, 'bin', 'neo4j'), ['console'], {
      env: { ...environment, NEO4J_ARCHIVE_CLASSES_AT: path.join(scratch, 'neo4j.jsa') },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  const timer = setTimeout(() => server.kill('SIGKILL'), TOO_LONG);
  try {
    await started(server);
    const shell = path.join(home, 'bin', 'cypher-shell');
    await run(shell, ['-a', `bolt://127.0.0.1:${port}`, 'CREATE (n:A {x: 1}) RETURN n'], { env: environment });
  } finally {
    server.kill('SIGTERM');
    await ended(server);
    clearTimeout(timer);
  }
}

function settings(scratch, port) {
  const directories = ['data', 'logs', 'plugins', 'import', 'run', 'licenses'];
  return [
    ...directories.map((each) => `server.directories.${each}=${path.join(scratch, each)}`),
    'dbms.security.auth_enabled=false',
    `server.bolt.listen_address=127.0.0.1:${port}`,
    'server.http.enabled=false',
    'server.memory.heap.max_size=512m',
    'server.memory.pagecache.size=64m',
    'server.jvm.additional=-XX:TieredStopAtLevel=1', // it runs for a moment only
    'db.tx_log.preallocate=false',
    'dbms.usage_report.enabled=false',
    'internal.dbms.bolt.netty_server_shutdown_quiet_period=0',
    '',
  ].join('\n');
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  return port;
}

function started(server) {
  let output = '';
  return new Promise((resolve, reject) => {
    const look = (text) => {
      output += text;
      if (/ Started\./.test(output)) resolve();
    };
    server.stdout.setEncoding('utf8').on('data', look);
    server.stderr.setEncoding('utf8').on('data', look);
    server.once('error', reject);
    server.once('close', (code) => reject(new Error(`it ended with ${code}: ${output.trim().split('\n').at(-1)}`)));
  });
}

function ended(child) {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('close', resolve));
}
