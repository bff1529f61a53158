import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { POSTGRES_BIN } from './locations.mjs';
import { find, interrupted, run, runAsRoot, SetupError } from './run.mjs';
import { leftBehind, withoutStartingServers } from './servers-held.mjs';

// What has to be there, and the package of Debian 12 that brings it.
const NEEDED = [
  { name: 'postgresql-15', programs: [`${POSTGRES_BIN}/postgres`, `${POSTGRES_BIN}/initdb`] },
  { name: 'postgresql-client-15', programs: [`${POSTGRES_BIN}/pg_dump`, 'pg_dump', 'psql', 'pg_restore'] },
  { name: 'redis-server', programs: ['redis-server'] },
  { name: 'redis-tools', programs: ['redis-cli', 'redis-check-rdb'] },
  { name: 'zstd', programs: ['zstd'] },
  { name: 'jq', programs: ['jq'] },
  { name: 'openssl', programs: ['openssl'] },
  { name: 'tar', programs: ['tar'] },
  { name: 'sqlite3', programs: ['sqlite3'] }, // the deployment guide's query of the validation history
  { name: 'util-linux', programs: ['setpriv', 'flock', 'setsid'] },
  { name: 'prometheus', programs: ['prometheus', 'promtool'] },
  { name: 'prometheus-alertmanager', programs: ['prometheus-alertmanager', 'amtool'] },
];
const JAVA = { name: 'openjdk-17-jre-headless', oldest: 17 };
const MAVEN = { name: 'maven', programs: ['mvn'] };

/** What Debian has to bring. Maven only when Neo4j's jars are to be fetched. */
export function debianPackages(needsMaven) {
  const packages = () => {
    const needed = needsMaven() ? [...NEEDED, MAVEN] : NEEDED;
    const names = needed.filter(({ programs }) => !programs.every((each) => find(each))).map(({ name }) => name);
    return javaVersion() >= JAVA.oldest ? names : [...names, JAVA.name];
  };
  return {
    name: 'Debian packages',
    missing: () => packages().join(' ') || leftBehind(),
    install: () => install(packages()),
  };
}

const BROWSER = [
  { name: 'chromium', programs: ['chromium'] },
  { name: 'fonts-inter', file: '/usr/share/fonts/opentype/inter' }, // the pictures of the dashboard are set in it
];

/** Optional: without it the tests in a browser are printed as not run. */
export function browserPackages() {
  const names = () =>
    BROWSER.filter(({ programs = [], file }) =>
      file === undefined ? !programs.every((each) => find(each)) : !existsSync(file),
    ).map(({ name }) => name);
  return {
    name: 'browser of the tests',
    optional: true,
    missing: () => names().join(' ') || undefined,
    install: async () => {
      try {
        await install(names());
      } catch (error) {
        return `the tests in a browser will not be run: ${error.message}`;
      }
    },
  };
}

/** The major version of the Java on the PATH; 0 without one. */
function javaVersion() {
  const java = find(process.env.JAVA_HOME ? `${process.env.JAVA_HOME}/bin/java` : 'java');
  if (java === undefined) return 0;
  try {
    const release = readFileSync(path.join(realpathSync(java), '..', '..', 'release'), 'utf8');
    return Number(/JAVA_VERSION="(\d+)/.exec(release)?.[1] ?? JAVA.oldest);
  } catch {
    return JAVA.oldest; // no release file: let Neo4j judge
  }
}

async function install(names) {
  const remedy = `as root: apt-get update && apt-get install --no-install-recommends ${names.join(' ')}`;
  if (find('apt-get') === undefined) throw new SetupError('there is no apt-get; this set-up knows Debian 12', remedy);
  if (process.getuid() !== 0) await sudoWorks(remedy);
  try {
    await withoutStartingServers(names, () => aptInstall(names));
  } catch (error) {
    throw new SetupError(error.message, remedy);
  }
}

async function sudoWorks(remedy) {
  try {
    await run('sudo', ['-n', 'true']);
  } catch {
    throw new SetupError('packages are missing, and neither are we root nor does sudo work without a password', remedy);
  }
}

const ATTEMPTS = 4;
const BETWEEN_ATTEMPTS = 5000;
const QUIET = { DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_SUSPEND: '1', LC_ALL: 'C.UTF-8' };
const PATIENT = ['-q', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3', '-o', 'Dpkg::Use-Pty=0'];

/** Tries with the lists that are there, then with new ones, then again: another apt or the network may be in the way. */
async function aptInstall(names) {
  if (names.length === 0) return;
  await runAsRoot(['mkdir', '-p', '/usr/share/man/man1']); // slim images lack it and Java's package needs it
  const wanted = ['install', '-y', '--no-install-recommends', ...names];
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (attempt > 1 || !hasPackageLists()) await runAsRoot(['apt-get', ...PATIENT, 'update'], QUIET);
      await runAsRoot(['apt-get', ...PATIENT, ...wanted], QUIET);
      return;
    } catch (error) {
      if (attempt === ATTEMPTS || interrupted()) throw error;
      await runAsRoot(['dpkg', '--configure', '-a'], QUIET).catch(() => undefined); // an interrupted run left it half done
      await delay(BETWEEN_ATTEMPTS);
    }
  }
}

function hasPackageLists() {
  const directory = '/var/lib/apt/lists';
  return existsSync(directory) && readdirSync(directory).some((name) => /_Packages/.test(name));
}
