import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BackupError, reason, systemCode } from '../../base/errors.ts';
import { request } from '../../base/http.ts';

/** One request to the engine's HTTP interface (docs.docker.com/reference/api/engine). */
interface Ask {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With its query, already encoded. */
  readonly path: string;
  /** Sent as JSON, or as it is (a tar). */
  readonly body?: unknown;
  readonly stream?: Readable;
  /** Answers beside 2xx that mean the same: `304` where it was so before. */
  readonly alsoGood?: readonly number[];
}

/** Longest that the engine may take for one answer; stopping a server is the longest of them. */
const ANSWER_MILLISECONDS = 300_000;

/**
 * A Docker engine at its unix socket. Kinds of errors: `unreachable`, `denied`, `missing` (no such container or
 * image), `no-space`, `failed`.
 */
export class DockerEngine {
  readonly #socketPath: string;

  /** `address` as DOCKER_HOST has it; only `unix://` is spoken. */
  constructor(address: string) {
    const path = /^unix:\/\/(\/.+)$/.exec(address)?.[1];
    if (path === undefined)
      throw new BackupError(`DOCKER_HOST is ${address}: only a unix socket can be used`, {
        kind: 'usage',
        hint: 'unix:///var/run/docker.sock',
      });
    this.#socketPath = path;
  }

  /** The answer's JSON; undefined where it has none. */
  async json<T>(ask: Ask): Promise<T> {
    const text = (await this.bytes(ask)).toString('utf8').trim();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  /** The answer's body, which must be small. */
  async bytes(ask: Ask): Promise<Buffer> {
    const response = await this.#send(ask);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const status = response.statusCode ?? 0;
    if ((status >= 200 && status < 300) || ask.alsoGood?.includes(status) === true) return body;
    throw refusal(status, complaintOf(body));
  }

  async #send({ method, path, body, stream }: Ask): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const type = stream === undefined ? 'application/json' : 'application/x-tar';
    const sent = request(
      { socketPath: this.#socketPath, path, method, headers: { host: 'docker', 'content-type': type } },
      resolve,
    );
    sent.on('error', (error) => reject(this.#unreachable(error)));
    sent.setTimeout(ANSWER_MILLISECONDS, () => sent.destroy(new Error('no answer in time')));
    if (stream === undefined) sent.end(body === undefined ? undefined : JSON.stringify(body));
    else await Promise.race([promise, pipeline(stream, sent)]); // it may refuse before it has read all
    return await promise;
  }

  #unreachable(error: unknown): BackupError {
    const what = `the Docker engine at ${this.#socketPath} is not reached: ${reason(error)}`;
    const isDenied = systemCode(error) === 'EACCES';
    const hint = isDenied
      ? "run as a member of the socket's group (group_add in a compose file)"
      : 'mount the socket into this container, or set DOCKER_HOST';
    return new BackupError(what, { kind: isDenied ? 'denied' : 'unreachable', hint, cause: error });
  }
}

function complaintOf(body: Buffer): string {
  const text = body.toString('utf8').trim();
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    return text;
  }
}

function refusal(status: number, complaint: string): BackupError {
  const kind = status === 404 ? 'missing' : /no space left|disk quota/i.test(complaint) ? 'no-space' : 'failed';
  return new BackupError(`the Docker engine refused (${status}): ${complaint}`, { kind });
}
