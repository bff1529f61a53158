import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { withNeo4j } from '../../../platform/clients/neo4j.ts';
import { destroyNeo4j } from '../../../platform/data/destroy.ts';
import { fingerprintNeo4j } from '../../../platform/fingerprint/neo4j/fingerprint.ts';
import type { Fingerprint } from '../../../platform/fingerprint/fingerprint.ts';
import { SEEDS } from '../../../platform/seed.ts';
import type { Source } from '../../../src/model/source.ts';
import type { Neo4jSettings } from '../../../src/sources/neo4j/settings.ts';
import { neo4jSource } from '../../../src/sources/neo4j/source.ts';
import { borrowNeo4j, type BorrowedNeo4j } from '../../support/system/shared-neo4j.ts';

/** The shared server, a source for it, and a directory for backups; given back empty. */
export class TestGraph implements AsyncDisposable {
  readonly environment: Readonly<Record<string, string>>;
  readonly settings: Neo4jSettings;
  readonly source: Source;
  readonly directory: string;
  readonly #server: BorrowedNeo4j;

  private constructor(server: BorrowedNeo4j, directory: string) {
    this.#server = server;
    this.environment = server.environment;
    this.directory = directory;
    this.settings = settingsOf(server.environment);
    this.source = neo4jSource(this.settings);
  }

  static async borrow(): Promise<TestGraph> {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'pbs-graph-'));
    return new TestGraph(await borrowNeo4j(), directory);
  }

  /** All that the server holds, taken without the program. */
  fingerprint(): Promise<Fingerprint> {
    return fingerprintNeo4j(this.environment);
  }

  /** The tiny graph with everything in it; nothing when there is any already. */
  seed(): Promise<void> {
    return SEEDS.neo4j(this.environment, { scale: 1, seed: 1 });
  }

  destroy(): Promise<void> {
    return destroyNeo4j(this.environment);
  }

  /** Values of the first column. */
  run(query: string, parameters: Record<string, unknown> = {}): Promise<unknown[]> {
    return withNeo4j(this.environment, async (driver, database) => {
      const { records } = await driver.executeQuery(query, parameters, { database });
      return records.map((record): unknown => (record.keys.length === 0 ? undefined : record.get(0)));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run('MATCH (n) RETURN count(n)'); // a server that is gone says so here
    await this.destroy();
    await rm(this.directory, { recursive: true, force: true });
    await this.#server[Symbol.asyncDispose]();
  }
}

function settingsOf(environment: Readonly<Record<string, string>>): Neo4jSettings {
  return {
    host: environment['NEO4J_HOST'] ?? '',
    port: Number(environment['NEO4J_PORT']),
    user: environment['NEO4J_USER'] ?? '',
    password: environment['NEO4J_PASSWORD'] ?? '',
    database: environment['NEO4J_DATABASE'] ?? '',
    home: environment['NEO4J_HOME'] ?? '',
  };
}
