import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { SEEDS } from '../../../platform/seed.ts';
import { engineAnswers, must } from './docker.ts';
import { ContainerPlatform } from './platform.ts';
import { blockAfter, typed } from './readme.ts';
import { Stack } from './stack.ts';

/** The platform and the backup services that all files of this project share. */
export interface SharedRig {
  readonly name: string;
  readonly directory: string;
  readonly passwords: Readonly<Record<string, string>>;
  /** By which this machine reaches the platform. */
  readonly environment: Readonly<Record<string, string>>;
  readonly upSeconds: number;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Undefined where no Docker engine answers. */
    containers: SharedRig | undefined;
  }
}

/** Runs once: a platform with data, and beside it the backup services, brought up by the README's commands. */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (!(await engineAnswers())) {
    await sayNotRun();
    project.provide('containers', undefined);
    return undefined;
  }
  const name = `pbt-${randomBytes(3).toString('hex')}`;
  await using stack = new AsyncDisposableStack();
  const passwords = makePasswords();
  const platform = stack.use(new ContainerPlatform(`${name}-platform`, { ...passwords, PHYSICS_NETWORK: name }));
  await platform.up();
  const services = stack.use(await Stack.prepare({ name, network: name, settings: {}, bare: true }));
  const environment = await addresses(platform, passwords, services.directory);
  await Promise.all(Object.values(SEEDS).map((seed) => seed(environment, { scale: 1, seed: 1 })));
  await must(['chown', '-hR', '--from=0', '1000:1000', path.join(services.directory, 'application')]);
  const upSeconds = await bringUp(services, passwords);
  project.provide('containers', { name, directory: services.directory, passwords, environment, upSeconds });
  const owned = stack.move();
  return () => owned.disposeAsync();
}

/** Seconds from `up` to all healthy; the images are built before. */
async function bringUp(stack: Stack, passwords: Readonly<Record<string, string>>): Promise<number> {
  const lines = (await blockAfter('### Bring it up')).split('\n');
  const [build, up] = [/ build$/, / up /].map((word) => lines.findIndex((line) => word.test(line)));
  await typed(lines.slice(0, build).join('\n'), stack);
  await stack.set(passwords); // as the README says, into the file that its command made
  await typed(lines.slice(build, up).join('\n'), stack);
  const began = performance.now();
  await typed(lines.slice(up).join('\n'), stack);
  return (performance.now() - began) / 1000;
}

/** What a shell, Compose, a connection string or a file of passwords could take for something else. */
const AWKWARD = ` $HOME"'#:\\@%`;

function makePasswords(): Record<string, string> {
  const names = ['POSTGRES_PASSWORD', 'PHYSICS_DB_PASSWORD', 'NEO4J_PASSWORD', 'REDIS_PASSWORD'];
  return Object.fromEntries(names.map((name) => [name, `${randomBytes(12).toString('hex')}${AWKWARD}`]));
}

async function addresses(
  platform: ContainerPlatform,
  passwords: Record<string, string>,
  directory: string,
): Promise<Record<string, string>> {
  const [postgres, neo4j, redis] = await Promise.all(
    ['postgres', 'neo4j', 'redis'].map((service) => platform.address(service)),
  );
  const application = path.join(directory, 'application');
  return {
    ...passwords,
    POSTGRES_HOST: postgres ?? '',
    NEO4J_HOST: neo4j ?? '',
    REDIS_HOST: redis ?? '',
    APPLICATION_PATHS: `uploads=${application}/uploads,models=${application}/models`,
  };
}

/** By file, those that have tests which need an engine. */
async function sayNotRun(): Promise<void> {
  const directory = path.join(import.meta.dirname, '..');
  for (const file of (await readdir(directory)).filter((name) => name.endsWith('.test.ts'))) {
    const text = await readFile(path.join(directory, file), 'utf8');
    if (!text.includes('describe.runIf(')) continue;
    process.stderr.write(`not run: test/containers/${file}: no Docker engine answers\n`);
  }
  if (process.env['CI'] === 'true') throw new Error('not run: no Docker engine answers');
}
