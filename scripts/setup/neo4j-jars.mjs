import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { cacheDirectory, neo4jHome } from './locations.mjs';
import { run, SetupError } from './run.mjs';

/** Neo4j 5 Community from Maven Central, laid out as its tarball, outside the tree. */
export function neo4jJars(root) {
  const source = path.join(root, 'scripts', 'neo4j');
  const home = neo4jHome(process.env, process.getuid());
  return {
    name: 'Neo4j',
    missing: () => jarsMissing(source, home) ?? (sameLaunchers(source, home) ? undefined : 'other launchers'),
    jarsMissing: () => jarsMissing(source, home) !== undefined,
    install: async () => {
      try {
        await (jarsMissing(source, home) === undefined ? copyLaunchers(source, home) : fetchAll(source, home));
      } catch (error) {
        if (error.code !== 'EACCES') throw error;
        throw new SetupError(error.message, 'run set-up as root once, or set XDG_CACHE_HOME to a directory of yours');
      }
    },
  };
}

/** Directories appear by a rename when they are whole, so names suffice here; bytes are compared when they are fetched. */
function jarsMissing(source, home) {
  if (!existsSync(path.join(home, 'lib'))) return `not in ${home}`;
  const found = new Set(readdirSync(path.join(home, 'lib')));
  const lost = [...expectedJars(source).keys()].filter((name) => !found.has(name));
  return lost.length === 0 ? undefined : `${lost.length} jars are not in ${home}`;
}

/** Name to SHA-256, from the committed list. */
function expectedJars(source) {
  const lines = readFileSync(path.join(source, 'jars.sha256'), 'utf8').trim().split('\n');
  return new Map(lines.map((line) => line.split(/\s+/)).map(([hash, name]) => [name, hash]));
}

async function fetchAll(source, home) {
  const cache = cacheDirectory(process.env, process.getuid());
  mkdirSync(cache, { recursive: true, mode: 0o755 });
  sweep(cache);
  const partial = `${home}.partial-${process.pid}`;
  const repository = path.join(cache, 'maven-repository'); // kept when it fails, so that the next try goes on from there
  try {
    await download(source, path.join(partial, 'lib'), repository);
    verify(source, path.join(partial, 'lib'));
    copyLaunchers(source, partial);
    mkdirSync(path.join(partial, 'conf'));
    if (jarsMissing(source, home) !== undefined) {
      rmSync(home, { recursive: true, force: true });
      renameSync(partial, home);
    } // else another set-up was faster
    rmSync(repository, { recursive: true, force: true });
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** Removes what set-ups that were killed left. */
function sweep(cache) {
  for (const name of readdirSync(cache)) {
    const pid = /\.partial-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`))
      rmSync(path.join(cache, name), { recursive: true, force: true });
  }
}

async function download(source, lib, repository) {
  const options = ['-q', '-B', '-Dmaven.artifact.threads=16', `-Dmaven.repo.local=${repository}`];
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${lib}`];
  try {
    await run('mvn', [...options, '-f', path.join(source, 'pom.xml'), ...goal]);
  } catch (error) {
    throw new SetupError(
      error.message,
      "check that this machine reaches Maven Central (or a mirror named in Maven's settings.xml), then run it again",
    );
  }
}

function verify(source, lib) {
  const expected = expectedJars(source);
  for (const name of readdirSync(lib)) if (!expected.has(name)) rmSync(path.join(lib, name));
  for (const [name, hash] of expected) {
    const file = path.join(lib, name);
    const found = existsSync(file) ? createHash('sha256').update(readFileSync(file)).digest('hex') : 'nothing';
    if (found !== hash)
      throw new SetupError(
        `${name} is not what was expected (SHA-256 ${found}, not ${hash})`,
        'remove maven-repository/ beside the cache of Neo4j and run it again; if it stays, do not trust the mirror',
      );
  }
}

const LAUNCHERS = ['neo4j', 'neo4j-admin', 'cypher-shell', 'neo4j-environment.sh'];

function sameLaunchers(source, home) {
  return LAUNCHERS.every((name) => {
    const file = path.join(home, 'bin', name);
    return existsSync(file) && readFileSync(file).equals(readFileSync(path.join(source, 'bin', name)));
  });
}

/** Each by a rename, because one may be running. */
function copyLaunchers(source, home) {
  mkdirSync(path.join(home, 'bin'), { recursive: true });
  for (const name of LAUNCHERS) {
    const temporary = path.join(home, 'bin', `.${name}-${process.pid}`);
    cpSync(path.join(source, 'bin', name), temporary, { preserveTimestamps: true });
    renameSync(temporary, path.join(home, 'bin', name));
  }
}
