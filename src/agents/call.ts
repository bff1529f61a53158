import type { ClientRequest, IncomingMessage } from 'node:http';
import { abortError, BackupError, reason, systemCode, throwIfAborted } from '../base/errors.ts';
import { request as httpRequest } from '../base/http.ts';
import type { Service } from '../model/vocabulary.ts';
import { jsonLine, jsonLines } from './json-lines.ts';
import {
  type AgentLine,
  type Patience,
  PATIENCE,
  PROTOCOL,
  PROTOCOL_HEADER,
  type VerbName,
  type Verbs,
} from './protocol.ts';
import { decodeError, encodeError, type WireError } from './wire-errors.ts';

export interface AgentAddress {
  readonly service: Service;
  readonly socket: string;
  readonly patience?: Patience;
}

/** Hears what an agent says before its result. */
export type Listener = (line: AgentLine) => void;

/** A call that goes on until its answer has come. */
export interface OpenCall<V extends VerbName> {
  readonly result: Promise<Verbs[V]['result']>;
  /** Of a `hold`: lets go; the result comes once that is done. */
  release(): void;
}

/**
 * Asks an agent and waits for its answer. When `signal` is aborted the agent is told, and the call ends once the agent
 * has cleaned up, as it would in this process. An agent that is not there, dies, or says nothing for too long is an
 * error of kind `unreachable`.
 */
export async function callAgent<V extends VerbName>(
  address: AgentAddress,
  verb: V,
  given: Verbs[V]['arguments'],
  signal: AbortSignal,
  listener: Listener = () => undefined,
): Promise<Verbs[V]['result']> {
  return await openCall(address, verb, given, signal, listener).result;
}

export function openCall<V extends VerbName>(
  address: AgentAddress,
  verb: V,
  given: Verbs[V]['arguments'],
  signal: AbortSignal,
  listener: Listener,
): OpenCall<V> {
  throwIfAborted(signal);
  const { service, socket, patience = PATIENCE } = address;
  const request = httpRequest({
    socketPath: socket,
    path: `/${service}/${verb}`,
    method: 'POST',
    agent: false, // a connection of its own: its end is the caller's end
    headers: { [PROTOCOL_HEADER]: String(PROTOCOL), 'content-type': 'application/jsonl' },
  });
  request.write(jsonLine(given));
  const cancel = (): void => void request.write(jsonLine({ cancel: encodeError(abortError(signal)) }));
  signal.addEventListener('abort', cancel, { once: true });
  const silence = watchSilence(request, address, patience.silenceMilliseconds);
  const answer = readAnswer(request, address, signal, (line) => {
    silence.heard();
    listener(line);
  });
  return {
    result: answer.finally(() => {
      silence.stop();
      signal.removeEventListener('abort', cancel);
      request.destroy();
    }) as Promise<Verbs[V]['result']>,
    release: () => void request.write(jsonLine({ release: true })),
  };
}

async function readAnswer(
  request: ClientRequest,
  address: AgentAddress,
  signal: AbortSignal,
  listener: Listener,
): Promise<unknown> {
  try {
    const response = await responseTo(request);
    assertProtocol(response, address);
    for await (const each of jsonLines(response)) {
      const line = each as AgentLine;
      listener(line);
      if (line.event === 'result') return line.value;
      if (line.event === 'error') throw new Answered(line.error);
    }
  } catch (error) {
    if (error instanceof Answered) throw decodeError(error.error, signal.aborted ? abortError(signal) : undefined);
    throw connectionError(error, address);
  }
  throw gone(`the agent of ${address.service} ended before it answered`, address);
}

/** The agent's own error, told from those of the connection. */
class Answered extends Error {
  readonly error: WireError;

  constructor(error: WireError) {
    super(error.message);
    this.error = error;
  }
}

function responseTo(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', reject);
  });
}

function assertProtocol({ headers }: IncomingMessage, { service, socket }: AgentAddress): void {
  const theirs = headers[PROTOCOL_HEADER];
  if (theirs === String(PROTOCOL)) return;
  if (theirs === undefined) throw new BackupError(`${socket} does not answer as an agent of ours`, { kind: 'failed' });
  throw new BackupError(`the agent of ${service} speaks protocol ${theirs.toString()}, this program ${PROTOCOL}`, {
    kind: 'too-old',
    hint: 'run the same version in all backup containers: docker compose up -d --build',
  });
}

/** Destroys the request when nothing has been heard for so long; a connection that is there may lead nowhere. */
function watchSilence(
  request: ClientRequest,
  address: AgentAddress,
  milliseconds: number,
): { heard: () => void; stop: () => void } {
  const timer = setTimeout(() => {
    request.destroy(gone(`the agent of ${address.service} has said nothing for ${milliseconds / 1000} s`, address));
  }, milliseconds);
  return { heard: () => void timer.refresh(), stop: () => clearTimeout(timer) };
}

function connectionError(error: unknown, address: AgentAddress): BackupError {
  if (error instanceof BackupError) return error;
  const { service, socket } = address;
  const code = systemCode(error);
  if (code === 'ENOENT' || code === 'ECONNREFUSED')
    return gone(`the agent of ${service} is not there (${socket})`, address, error);
  if (code !== 'EACCES')
    return gone(`the agent of ${service} ended before it answered: ${reason(error)}`, address, error);
  return new BackupError(`the socket of the agent of ${service} may not be used: ${reason(error)}`, {
    kind: 'denied',
    hint: `let this user write to ${socket} (uid 1000 in the containers)`,
    cause: error,
  });
}

function gone(message: string, { service }: AgentAddress, cause?: unknown): BackupError {
  return new BackupError(message, { kind: 'unreachable', hint: `is physics-${service}-backup running?`, cause });
}
