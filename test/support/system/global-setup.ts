import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import type { TestProject } from 'vitest/node';
import { SEEDS } from '../../../platform/seed.ts';
import { startNeo4j } from '../../../platform/servers/neo4j.ts';
import type { ThrowawayServer } from '../../../platform/servers/server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The socket at which the shared Neo4j is borrowed. */
    sharedNeo4j: string;
  }
}

/**
 * Runs in vitest's own process, once for all test files: lends each file that asks a Neo4j to itself. A lender that
 * lives as long as the run sees every borrower go, however it ends: its connection closes.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'pbs-shared-'));
  const lender = new Lender();
  const server = createServer((socket) => void lender.lend(socket));
  server.listen(path.join(directory, 'socket'));
  await once(server, 'listening');
  project.provide('sharedNeo4j', path.join(directory, 'socket'));
  return async () => {
    server.close();
    await lender.end();
    await rm(directory, { recursive: true, force: true });
  };
}

/** Starts a server when none is idle: never more than there are test files at a time, and none waits for another. */
class Lender {
  readonly #started: ThrowawayServer[] = [];
  readonly #idle: ThrowawayServer[] = [];

  /** The borrower has its server until its connection closes. */
  async lend(socket: Socket): Promise<void> {
    socket.on('error', () => undefined); // the close that follows is what counts, and `once` would not wait for it
    socket.resume();
    const gone = new Promise((resolve) => socket.once('close', resolve));
    try {
      const neo4j = this.#idle.pop() ?? (await this.#start());
      const environment = { ...neo4j.environment };
      await SEEDS.neo4j(environment, { scale: 1, seed: 1 });
      socket.write(`${JSON.stringify({ environment })}\n`);
      await gone;
      this.#idle.push(neo4j);
    } catch (thrown) {
      socket.end(`${JSON.stringify({ error: thrown instanceof Error ? thrown.message : String(thrown) })}\n`);
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#started.map((each) => each.remove()));
  }

  async #start(): Promise<ThrowawayServer> {
    const neo4j = await startNeo4j();
    this.#started.push(neo4j);
    return neo4j;
  }
}
