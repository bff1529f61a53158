import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

/** How a server of this machine answered a steady load. */
export interface LoadReport {
  readonly requests: number;
  readonly failures: number;
  /** From the moment that a request was due, so that waiting for the one before it counts. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const MOST_CONNECTIONS = 32;

/** The same of a server that does nothing else, with answers of as many bytes. */
export async function loadOfBareServer(bytes: number, perSecond: number, seconds: number): Promise<LoadReport> {
  const child = fork(path.join(import.meta.dirname, 'bare-server.ts'), [String(bytes)]);
  try {
    const [port] = (await once(child, 'message')) as [number];
    return await steadyLoad(`http://127.0.0.1:${port}/`, perSecond, seconds);
  } finally {
    child.disconnect();
  }
}

/** So many requests a second for so long, each at its time whether the ones before were answered or not. Milliseconds. */
export async function steadyLoad(url: string, perSecond: number, seconds: number): Promise<LoadReport> {
  if (new URL(url).hostname !== '127.0.0.1') throw new Error('load goes to this machine only');
  const agent = new Agent({ keepAlive: true, maxSockets: MOST_CONNECTIONS });
  const took: number[] = [];
  const answers: Promise<void>[] = [];
  let failures = 0;
  const began = performance.now();
  for (let request = 0; request < perSecond * seconds; request += 1) {
    const due = began + (request * 1000) / perSecond;
    const early = due - performance.now();
    if (early > 0) await delay(early);
    const answered = ask(url, agent).then(
      () => void took.push(performance.now() - due),
      () => void (failures += 1),
    );
    answers.push(answered);
  }
  await Promise.all(answers);
  agent.destroy();
  const sorted = took.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
  return { requests: answers.length, failures, p50: at(0.5), p99: at(0.99), max: at(1) };
}

function ask(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent, timeout: 10_000 }, (response) => {
      response.resume().once('error', reject);
      response.once('end', () => (response.statusCode === 200 ? resolve() : reject(new Error('refused'))));
    });
    request.once('timeout', () => request.destroy(new Error('no answer'))).once('error', reject);
  });
}
