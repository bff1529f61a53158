import os from 'node:os';
import { neo4jHome } from '../scripts/setup/locations.mjs';
import { Processes } from '../src/base/processes.ts';

/** The machine as the platform needs to know it; the only place of the platform that reads the environment. */
export const uid = process.getuid?.() ?? -1;

/** Neo4j as set-up left it. */
export const NEO4J_HOME = neo4jHome(process.env, uid);

/** Where throwaway things go unless told otherwise. */
export const temporaryDirectory = os.tmpdir();

const inherited = ['PATH', 'JAVA_HOME'].flatMap((name) => {
  const value = process.env[name];
  return value === undefined ? [] : [[name, value] as const];
});

/** For the servers: PATH and locale only. The grace is for Neo4j, which closes its store before it ends. */
export const processes = new Processes({ ...Object.fromEntries(inherited), LANG: 'C.UTF-8' }, 30_000);
