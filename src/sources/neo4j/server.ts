import type { Graph } from './connection.ts';

/** Version of the server, e.g. `5.26.30`. */
export async function serverVersion(graph: Graph): Promise<string> {
  return (await serverKind(graph)).version;
}

export interface ServerKind {
  readonly version: string;
  /** `community` or `enterprise`. */
  readonly edition: string;
}

export async function serverKind(graph: Graph): Promise<ServerKind> {
  const [row] = await graph.run(
    "CALL dbms.components() YIELD name, versions, edition WHERE name = 'Neo4j Kernel' RETURN versions[0] AS version, edition",
  );
  return { version: (row?.get('version') as string | undefined) ?? '', edition: String(row?.get('edition')) };
}
