import { appendFile, chown, cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Service } from '../../../src/model/vocabulary.ts';
import { type Ended, type Environment, must, run } from './docker.ts';

export const ROOT = path.join(import.meta.dirname, '..', '..', '..');
export const FILE = path.join(ROOT, 'backup', 'docker-compose.backup.yml');

export interface StackOptions {
  /** Begins the names of all that is made; nobody else's may be equal. */
  readonly name: string;
  readonly network: string;
  /** Lines of the .env file. */
  readonly settings: Readonly<Record<string, string>>;
  /** The tag of the images; `test` unless given. */
  readonly version?: string;
  /** The commands of the README make the directories and the .env file. */
  readonly bare?: boolean;
}

/** A value of a .env file that stands for itself, as backup/.env.example says. */
function quoted(value: string): string {
  return `'${value.replaceAll("'", String.raw`\'`)}'`;
}

/** The shipped backup services, with directories and names of their own instead of those of the guide. */
export class Stack implements AsyncDisposable {
  /** Instead of /opt/physics-assistant. */
  readonly directory: string;
  readonly name: string;
  /** For every command that an operator types. */
  readonly environment: Environment;

  private constructor(directory: string, name: string, environment: Environment) {
    this.directory = directory;
    this.name = name;
    this.environment = environment;
  }

  /** Lays out the directories as the README says; starts nothing. */
  static async prepare({ name, network, settings, version, bare = false }: StackOptions): Promise<Stack> {
    const directory = await mkdtemp(path.join(os.tmpdir(), `${name}-`));
    const ours = bare ? [] : ['backups', 'logs', 'secrets', 'state', 'backup'];
    const parts = [...ours, 'application/uploads', 'application/models'];
    for (const part of parts) await mkdir(path.join(directory, part), { recursive: true });
    await must(['chmod', '0711', directory]);
    await must(['chown', '-R', '1000:1000', directory]);
    await cp(path.join(ROOT, 'backup', 'scripts', 'config'), path.join(directory, 'config'), { recursive: true });
    const stack = Stack.at(directory, name, network, version);
    if (!bare) await stack.set(settings);
    return stack;
  }

  /** Adds lines to its .env file; the last of a name counts. */
  async set(settings: Readonly<Record<string, string>>): Promise<void> {
    const lines = Object.entries(settings).map(([key, value]) => `${key}=${quoted(value)}\n`);
    await appendFile(path.join(this.directory, 'backup', '.env'), lines.join(''), { mode: 0o600 });
  }

  /** What was prepared before. */
  static at(directory: string, name: string, network: string, version = 'test'): Stack {
    return new Stack(directory, name, {
      COMPOSE_FILE: FILE,
      COMPOSE_PROJECT_NAME: name,
      COMPOSE_ENV_FILES: path.join(directory, 'backup', '.env'),
      CONTAINER_PREFIX: name,
      BACKUP_ROOT: directory,
      BACKUP_VERSION: version,
      APPLICATION_DATA: path.join(directory, 'application'),
      SCHEDULE_DIR: path.join(directory, 'config'),
      PHYSICS_NETWORK: network,
      MONITOR_ADDRESS: '127.0.0.1:0', // any that is free
    });
  }

  compose(...args: readonly string[]): Promise<Ended> {
    return run(['docker', 'compose', ...args], this.environment);
  }

  async mustCompose(...args: readonly string[]): Promise<string> {
    const ended = await this.compose(...args);
    if (ended.code !== 0) throw new Error(`compose ${args.join(' ')}: ${ended.stdout}\n${ended.stderr}`);
    return ended.stdout;
  }

  container(service: Service | 'restore' | 'monitor'): string {
    if (service === 'monitor') return `${this.name}-backup-monitor`;
    return service === 'restore' ? `${this.name}-backup-restore` : `${this.name}-${service}-backup`;
  }

  /** Runs a command in the container of a service. */
  exec(service: Service, ...command: readonly string[]): Promise<Ended> {
    return run(['docker', 'exec', this.container(service), ...command]);
  }

  /** Runs one of backup/scripts on the host, as an operator would. */
  script(words: readonly string[], environment: Environment = {}): Promise<Ended> {
    const [file = '', ...args] = words;
    return run([path.join(ROOT, 'backup', 'scripts', file), ...args], { ...this.environment, ...environment });
  }

  /** The same stack, told other settings: for containers that are run once. */
  async withSettings<T>(settings: Readonly<Record<string, string>>, work: (other: Stack) => Promise<T>): Promise<T> {
    return await work(new Stack(this.directory, this.name, { ...this.environment, ...settings }));
  }

  /** Makes a file of a secret, which user 1000 may read. */
  async secretFile(name: string, secret: string): Promise<string> {
    const file = path.join(this.directory, 'backup', name);
    await writeFile(file, `${secret}\n`, { mode: 0o400 });
    await chown(file, 1000, 1000);
    return file;
  }

  /** Paths of all files with a manifest's name. */
  async manifests(): Promise<string[]> {
    const names = await readdir(path.join(this.directory, 'backups'), { recursive: true });
    return names.filter((name) => name.endsWith('.metadata.json')).toSorted();
  }

  /** What lies in our directories and belongs to somebody else than user 1000. */
  async strangersFiles(): Promise<string[]> {
    const ours = ['backups', 'logs', 'secrets', 'state'].map((each) => path.join(this.directory, each));
    const found = await must(['find', ...ours, '!', '-uid', '1000']);
    return found === '' ? [] : found.split('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.compose('--profile', 'restore', 'down', '--volumes', '--remove-orphans', '--timeout', '2');
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
