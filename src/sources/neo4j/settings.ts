import type { StoreAccess } from './store-directory.ts';

/** Where the graph is and who works on it (the deployment guide's NEO4J_* variables). */
export interface Neo4jSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** The one user database of Community; `neo4j` unless given. */
  readonly database?: string;
  /** NEO4J_HOME of an installation, with bin/ and lib/: the sandboxes' program. `/var/lib/neo4j` in the official image. */
  readonly home: string;
  /** Directory where sandboxes are registered, so that a later run can sweep them; the run's own unless given. */
  readonly sandboxes?: string;
  /** Where the live server may be stopped and its data directory is at hand; else it is rewritten over Bolt. */
  readonly exchange?: StoreAccess;
}

/** How one server is reached. */
export interface Neo4jAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export function liveAddress({ host, port, user, password, database = 'neo4j' }: Neo4jSettings): Neo4jAddress {
  return { host, port, user, password, database };
}
