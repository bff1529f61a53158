import { BackupError } from '../../base/errors.ts';
import type { ContainerMount } from '../../control/docker/container.ts';
import { type ContainerDetails, inspectContainer } from '../../control/docker/container.ts';
import type { DockerEngine } from '../../control/docker/engine.ts';
import { Porter } from '../../control/docker/porter.ts';
import type { Context } from '../../model/source.ts';
import { severalFileSystems } from './local-store.ts';
import type { StoreDirectory } from './store-directory.ts';

/** The user of the official image. */
const NEO4J_USER = '7474:7474';

/**
 * Opens the data directory of a server in a container by a porter in its volume, made from the server's own image:
 * it is on the engine for certain, and knows the owner. `directory` is as the server sees it.
 */
export async function openContainerStore(
  engine: DockerEngine,
  container: string,
  directory: string,
): Promise<StoreDirectory> {
  const details = await inspectContainer(engine, container);
  const mount = mountOf(details, directory);
  if (mount === undefined) throw noVolume(container, directory);
  const user = details.Config.User === '' ? NEO4J_USER : details.Config.User;
  await using stack = new AsyncDisposableStack();
  const porter = stack.use(await Porter.start(engine, { image: details.Image, user, mount, servedId: details.Id }));
  const store = new ContainerStore(`${directory} of container ${container}`, directory, porter);
  await store.assertFit();
  stack.move();
  return store;
}

function mountOf({ Mounts }: ContainerDetails, directory: string): ContainerMount | undefined {
  const holds = Mounts.filter(({ Destination: to }) => directory === to || directory.startsWith(`${to}/`));
  return holds.toSorted((one, other) => other.Destination.length - one.Destination.length)[0];
}

function noVolume(container: string, directory: string): BackupError {
  return new BackupError(`container ${container} has no volume at ${directory}`, {
    kind: 'missing',
    hint: 'set NEO4J_DATA_DIR to the data directory as that container sees it (/data in the official image)',
  });
}

class ContainerStore implements StoreDirectory {
  readonly name: string;
  readonly #directory: string;
  readonly #porter: Porter;

  constructor(name: string, directory: string, porter: Porter) {
    this.name = name;
    this.#directory = directory;
    this.#porter = porter;
  }

  /** On one file system, and ours to write. */
  async assertFit(): Promise<void> {
    const parts = ['.', 'databases', 'transactions'].map((part) => this.#at(part));
    const devices = (await this.#porter.must('stat', '-c', '%d', ...parts)).trim().split('\n');
    if (new Set(devices).size !== 1) throw severalFileSystems(this.name);
    for (const part of parts) await this.#porter.must('test', '-w', part);
  }

  async existing(paths: readonly string[]): Promise<ReadonlySet<string>> {
    const { stdout } = await this.#porter.run('stat', '-c', '%n', ...paths.map((each) => this.#at(each)));
    const found = new Set(stdout.trim().split('\n'));
    return new Set(paths.filter((each) => found.has(this.#at(each))));
  }

  async place(from: string, to: string, { processes, signal }: Context): Promise<void> {
    const target = this.#at(to);
    await this.#porter.must('mkdir', '-p', '-m', '700', '--', target);
    const [uid, gid] = [await this.#porter.must('id', '-u'), await this.#porter.must('id', '-g')];
    const owner = [`--owner=${uid.trim()}`, `--group=${gid.trim()}`, '--numeric-owner'];
    const tar = { file: 'tar', args: ['--create', ...owner, `--directory=${from}`, '.'] };
    const packed = processes.start(tar, { stdout: 'pipe' }, signal);
    if (packed.stdout !== null) await this.#porter.unpack(packed.stdout, target);
    await packed.ended;
    await this.#porter.must('sync', '-f', target);
  }

  async rename(from: string, to: string): Promise<void> {
    // mv(1) would move it into a directory of that name, or copy it over.
    if ((await this.existing([to])).size > 0) throw new BackupError(`${this.name}: ${to} exists`, { kind: 'exists' });
    await this.#porter.must('mv', '-T', '--', this.#at(from), this.#at(to));
    await this.#porter.must('sync', '-f', this.#at(to));
  }

  async remove(path: string): Promise<void> {
    await this.#porter.must('rm', '-rf', '--', this.#at(path));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#porter[Symbol.asyncDispose]();
  }

  #at(path: string): string {
    return path === '.' ? this.#directory : `${this.#directory}/${path}`;
  }
}
