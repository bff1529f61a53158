import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Platform } from '../platform/platform.ts';
import { measure } from './measure.ts';

/** Seconds of the vendor's own dump. It needs the server stopped; stopping and starting it again is not counted. */
export async function dumpStopped({ directory, environment, servers }: Platform): Promise<number> {
  const home = environment['NEO4J_HOME'] ?? '';
  const target = await mkdtemp(path.join(directory, 'bench', 'dump-'));
  await servers.neo4j.stop();
  const { seconds } = await measure(
    [path.join(home, 'bin', 'neo4j-admin'), 'database', 'dump', 'neo4j', `--to-path=${target}`],
    { NEO4J_HOME: home, NEO4J_CONF: path.join(servers.neo4j.directory, 'conf') },
  );
  await rm(target, { recursive: true });
  await servers.neo4j.start();
  return seconds;
}
