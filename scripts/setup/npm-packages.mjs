import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { run, SetupError } from './run.mjs';

/** The locked npm packages, and with them the Node that everything else runs on. */
export function npmPackages(root) {
  return {
    name: 'npm packages',
    missing: () => whatDiffers(root),
    install: async () => {
      try {
        await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: root });
      } catch (error) {
        throw new SetupError(
          error.message,
          "check the network and npm's registry (npm config get registry), then run it again",
        );
      }
    },
  };
}

/** npm notes what it installed in node_modules/.package-lock.json, as its last act. */
function whatDiffers(root) {
  const installed = read(path.join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined || !existsSync(path.join(root, 'node_modules', '.bin', 'node'))) return 'not installed';
  const locked = Object.entries(read(path.join(root, 'package-lock.json')).packages).filter(([name]) => name !== '');
  const different = locked.filter(([name, { version, optional }]) => {
    const found = installed.packages[name];
    return found === undefined ? optional !== true : found.version !== version;
  });
  return different.length === 0 ? undefined : `${different.length} differ from package-lock.json`;
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
