import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { withNeo4j } from '../../platform/clients/neo4j.ts';
import { fingerprintNeo4j } from '../../platform/fingerprint/neo4j/fingerprint.ts';
import type { Fingerprint } from '../../platform/fingerprint/fingerprint.ts';
import { startNeo4j } from '../../platform/servers/neo4j.ts';
import type { ThrowawayServer } from '../../platform/servers/server.ts';
import type { ServerControl } from '../../src/control/server-control.ts';
import { openLocalStore } from '../../src/sources/neo4j/local-store.ts';
import type { Neo4jSettings } from '../../src/sources/neo4j/settings.ts';
import type { StoreDirectory } from '../../src/sources/neo4j/store-directory.ts';

/** A Neo4j of one test file's own, which may be stopped and started; the shared one may not. */
export class OwnNeo4j implements AsyncDisposable {
  readonly server: ThrowawayServer;
  readonly control: ServerControl;
  /** What was asked of the control, in order. */
  readonly asked: string[] = [];
  readonly dataDirectory: string;
  #starting: Promise<void> = Promise.resolve();

  private constructor(server: ThrowawayServer) {
    this.server = server;
    this.dataDirectory = path.join(server.directory, 'data');
    this.control = {
      name: 'the server',
      running: () => Promise.resolve(server.pid !== undefined),
      stop: () => this.#ask('stop', () => this.#stop()),
      start: () => this.#ask('start', () => this.#start()),
    };
  }

  static async start(): Promise<OwnNeo4j> {
    return new OwnNeo4j(await startNeo4j());
  }

  /** With what it takes to exchange its store. */
  get settings(): Neo4jSettings {
    const { environment } = this.server;
    return {
      host: environment['NEO4J_HOST'] ?? '',
      port: this.server.port,
      user: environment['NEO4J_USER'] ?? '',
      password: this.server.password,
      home: environment['NEO4J_HOME'] ?? '',
      exchange: { control: this.control, open: () => this.store() },
    };
  }

  store(): Promise<StoreDirectory> {
    return openLocalStore(this.dataDirectory, process.getuid?.() ?? -1);
  }

  fingerprint(): Promise<Fingerprint> {
    return fingerprintNeo4j(this.server.environment);
  }

  async run(...queries: readonly string[]): Promise<void> {
    await withNeo4j(this.server.environment, async (driver, database) => {
      for (const query of queries) await driver.executeQuery(query, {}, { database });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.remove();
  }

  /** Told to start, not seen to answer: that is for the program to find out. */
  async #start(): Promise<void> {
    if (this.server.pid !== undefined) return;
    this.#starting = this.server.start().catch(() => undefined);
    while (this.server.pid === undefined) await delay(20);
  }

  async #stop(): Promise<void> {
    await this.server.stop();
    await this.#starting; // gives up once the server is gone
  }

  async #ask(verb: string, work: () => Promise<void>): Promise<void> {
    this.asked.push(verb);
    await work();
  }
}
