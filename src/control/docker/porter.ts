import type { Readable } from 'node:stream';
import { BackupError } from '../../base/errors.ts';
import { containerPath, type ContainerMount } from './container.ts';
import type { DockerEngine } from './engine.ts';

export interface PorterSettings {
  /** The image it is made from: needs `sleep` and whatever it is to run. */
  readonly image: string;
  /** The owner of what lies in the volume, as the image or numbers name it. */
  readonly user: string;
  /** The one volume or directory that it sees, where the server's container sees it. */
  readonly mount: ContainerMount;
  /** The container that it works for: one porter at a time. */
  readonly servedId: string;
}

/** What a command in the porter printed, and its exit code. */
export interface Printed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** By which porters are known to whoever looks at the engine; its value is the container that is served. */
const PORTER_LABEL = 'physics-backup.porter';

/** A porter whose maker was killed ends by itself then. */
const LIFE_SECONDS = 6 * 3600;

/**
 * A container that lives as long as it is needed and works in one volume for us, as the user that owns what is in it:
 * no capability, no network, nothing of its own that can be written, and gone when it ends.
 */
export class Porter implements AsyncDisposable {
  readonly #engine: DockerEngine;
  readonly #id: string;
  readonly #path: string;

  private constructor(engine: DockerEngine, id: string) {
    this.#engine = engine;
    this.#id = id;
    this.#path = containerPath(id);
  }

  /** Removes what a maker that was killed has left, then starts anew. */
  static async start(engine: DockerEngine, settings: PorterSettings): Promise<Porter> {
    await removeAbandoned(engine, settings.servedId);
    const created = await engine.json<{ readonly Id: string }>({
      method: 'POST',
      path: '/containers/create',
      body: description(settings),
    });
    const porter = new Porter(engine, created.Id);
    try {
      await engine.bytes({ method: 'POST', path: `${porter.#path}/start` });
      return porter;
    } catch (error) {
      await porter[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Runs a command to its end. */
  async run(...words: readonly string[]): Promise<Printed> {
    const made = { Cmd: words, AttachStdout: true, AttachStderr: true };
    const { Id } = await this.#engine.json<{ readonly Id: string }>({
      method: 'POST',
      path: `${this.#path}/exec`,
      body: made,
    });
    const body = { Detach: false, Tty: false };
    const said = await this.#engine.bytes({ method: 'POST', path: `/exec/${Id}/start`, body });
    const { ExitCode } = await this.#engine.json<{ readonly ExitCode: number | null }>({
      method: 'GET',
      path: `/exec/${Id}/json`,
    });
    return { code: ExitCode ?? -1, ...streamsOf(said) };
  }

  /** Runs a command that has to succeed; its standard output. Kinds: `no-space`, `denied`, `failed`. */
  async must(...words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...words);
    if (code === 0) return stdout;
    const [why = ''] = stderr.trim().split('\n');
    const kind = /no space left/i.test(why) ? 'no-space' : /permission denied/i.test(why) ? 'denied' : 'failed';
    throw new BackupError(`${words[0] ?? ''} failed in the volume (${code}): ${why}`, { kind });
  }

  /** Unpacks a tar stream into a directory of the volume; owners are those of the tar. */
  async unpack(tar: Readable, directory: string): Promise<void> {
    const path = `${this.#path}/archive?path=${encodeURIComponent(directory)}`;
    await this.#engine.bytes({ method: 'PUT', path, stream: tar });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await removeContainer(this.#engine, this.#id);
  }
}

async function removeAbandoned(engine: DockerEngine, servedId: string): Promise<void> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`${PORTER_LABEL}=${servedId}`] }));
  const path = `/containers/json?all=1&filters=${filters}`;
  for (const { Id } of await engine.json<{ readonly Id: string }[]>({ method: 'GET', path }))
    await removeContainer(engine, Id);
}

/** Gone already, or about to be, is as good. */
async function removeContainer(engine: DockerEngine, id: string): Promise<void> {
  await engine.bytes({ method: 'DELETE', path: `${containerPath(id)}?force=1&v=1`, alsoGood: [404, 409] });
}

function description({ image, user, mount, servedId }: PorterSettings): object {
  const { Type, Name, Source, Destination } = mount;
  return {
    Image: image,
    User: user,
    Entrypoint: ['sleep'],
    Cmd: [String(LIFE_SECONDS)],
    WorkingDir: '/',
    Labels: { [PORTER_LABEL]: servedId },
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      NetworkMode: 'none',
      AutoRemove: true,
      Init: true,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      PidsLimit: 32,
      Memory: 128 * 1024 * 1024,
      Mounts: [{ Type, Source: Type === 'volume' ? Name : Source, Target: Destination }],
    },
  };
}

/** The engine's framing of two streams in one: a byte that names the stream, three of nothing, four of length. */
function streamsOf(framed: Buffer): { stdout: string; stderr: string } {
  const said = { stdout: '', stderr: '' };
  for (let at = 0; at + 8 <= framed.length;) {
    const end = at + 8 + framed.readUInt32BE(at + 4);
    said[framed[at] === 2 ? 'stderr' : 'stdout'] += framed.toString('utf8', at + 8, end);
    at = end;
  }
  return said;
}
