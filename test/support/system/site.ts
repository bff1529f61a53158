import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Service } from '../../../src/model/vocabulary.ts';
import { documentOf, type Document, type ProgramRun, type RunOptions, runProgram } from './program.ts';

type Environment = Readonly<Record<string, string>>;

/** Where one test file runs the program: directories of its own, beside services that it was given. */
export interface Site extends AsyncDisposable {
  readonly directory: string;
  readonly backups: string;
  readonly secrets: string;
  readonly state: string;
  readonly logs: string;
  /** The program's TMPDIR. */
  readonly temporary: string;
  /** First on the program's PATH, and so in the environment of every child that it starts. */
  readonly bin: string;
  readonly services: readonly Service[];
  readonly environment: Environment;
  run(args: readonly string[], options?: Partial<RunOptions>): Promise<ProgramRun>;
  /** Runs it with `--json` and fails unless it did what was asked: exit 0, or 4 with warnings. */
  good(args: readonly string[], options?: Partial<RunOptions>): Promise<Document>;
}

/** `live` holds the variables by which the services are reached. */
export async function openSite(services: readonly Service[], live: Environment): Promise<Site> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'pbs-site-'));
  const at = (name: string): string => path.join(directory, name);
  const places = { backups: at('backups'), secrets: at('secrets'), state: at('state'), logs: at('logs') };
  const own = { ...places, temporary: at('tmp'), bin: at('bin') };
  for (const each of Object.values(own)) await mkdir(each, { mode: 0o700 });
  const environment: Environment = {
    ...live,
    ...surroundings(own.bin, own.temporary, directory),
    BACKUP_SERVICES: services.join(','),
    BACKUP_DIR: own.backups,
    SECRETS_DIR: own.secrets,
    STATE_DIR: own.state,
    LOG_DIR: own.logs,
  };
  const run: Site['run'] = (args, options = {}) =>
    runProgram(args, { ...options, environment: { ...environment, ...options.environment } });
  return {
    directory,
    ...own,
    services,
    environment,
    run,
    good: async (args, options) => goodDocument(args, await run(['--json', ...args], options)),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true, maxRetries: 5 }),
  };
}

function surroundings(bin: string, temporary: string, home: string): Environment {
  const inherited = ['JAVA_HOME', 'XDG_CACHE_HOME'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const cache = path.join(os.homedir(), '.cache'); // compiled sources are kept there between runs
  return {
    XDG_CACHE_HOME: cache,
    ...Object.fromEntries(inherited),
    PATH: `${bin}:${process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'}`,
    HOME: home,
    TMPDIR: temporary,
  };
}

function goodDocument(args: readonly string[], run: ProgramRun): Document {
  if (run.code !== 0 && run.code !== 4)
    throw new Error(`${args.join(' ')} exited ${String(run.code)}: ${run.stdout}\n${run.stderr}`);
  return documentOf(run);
}

/** Puts a program of this name before the real one: a shell script. Returns its path. */
export async function wrap(site: Site, name: string, script: string): Promise<string> {
  const file = path.join(site.bin, name);
  await writeFile(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return file;
}

export async function unwrap(site: Site, name: string): Promise<void> {
  await rm(path.join(site.bin, name), { force: true });
}
