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
 * Runs in vitest's own process, once for all test files: lends one Neo4j, started when the first file asks. A lender
 * that lives as long as the run sees every borrower go, however it ends: its connection closes.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'pbs-shared-'));
  const lender = new Lender();
  const server = createServer((socket) => lender.lend(socket));
  server.listen(path.join(directory, 'socket'));
  await once(server, 'listening');
  project.provide('sharedNeo4j', path.join(directory, 'socket'));
  return async () => {
    server.close();
    await lender.end();
    await rm(directory, { recursive: true, force: true });
  };
}

class Lender {
  #neo4j: ThrowawayServer | undefined;
  #turn: Promise<void> = Promise.resolve();

  /** Queues the borrower; it has its turn until its connection closes. */
  lend(socket: Socket): void {
    socket.on('error', () => undefined); // the close that follows is what counts
    socket.resume();
    const gone = once(socket, 'close');
    this.#turn = this.#turn.then(async () => {
      if (socket.destroyed) return;
      socket.write(`${JSON.stringify(await this.#offer())}\n`);
      await gone;
    });
  }

  async end(): Promise<void> {
    await this.#neo4j?.remove();
  }

  async #offer(): Promise<{ environment: Readonly<Record<string, string>> } | { error: string }> {
    try {
      this.#neo4j ??= await startNeo4j();
      const environment = { ...this.#neo4j.environment };
      await SEEDS.neo4j(environment, { scale: 1, seed: 1 });
      return { environment };
    } catch (thrown) {
      return { error: thrown instanceof Error ? thrown.message : String(thrown) };
    }
  }
}
