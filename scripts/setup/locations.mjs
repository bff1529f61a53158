// Where set-up puts things and where everything else finds them. No dependencies: runs before there are any.
import { existsSync } from 'node:fs';
import path from 'node:path';

const NEO4J_VERSION = '5.26.30';
export const POSTGRES_BIN = '/usr/lib/postgresql/15/bin';

// Root's home directory is closed to the unprivileged user that root's servers run as, so root caches here.
const SHARED_CACHE = '/var/cache';

export function cacheDirectory(environment, uid) {
  const fallback = uid === 0 ? SHARED_CACHE : path.join(environment.HOME ?? '/', '.cache');
  return path.join(environment.XDG_CACHE_HOME || fallback, 'physics-backup');
}

export function neo4jHome(environment, uid) {
  const name = `neo4j-${NEO4J_VERSION}`;
  const own = path.join(cacheDirectory(environment, uid), name);
  const shared = path.join(SHARED_CACHE, 'physics-backup', name);
  return !existsSync(own) && !environment.XDG_CACHE_HOME && existsSync(shared) ? shared : own;
}
