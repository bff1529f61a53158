import { connect } from 'node:net';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { inject } from 'vitest';

/** Neo4j takes long to start: test files take over the servers of those that ended. */
export interface BorrowedNeo4j extends AsyncDisposable {
  /** The variables by which the program reaches it. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * A server to oneself, started when no other is idle. It holds the tiny seed; whoever changes it gives it back as it was
 * found or empty: the next borrower gets it seeded anew then.
 */
export async function borrowNeo4j(): Promise<BorrowedNeo4j> {
  const socket = connect(inject('sharedNeo4j'));
  await once(socket, 'connect');
  const lines = createInterface({ input: socket });
  const [line] = (await once(lines, 'line')) as [string];
  const { environment, error } = JSON.parse(line) as { environment?: Record<string, string>; error?: string };
  if (environment === undefined) throw new Error(`the shared Neo4j is not there: ${error ?? 'no reason given'}`);
  return {
    environment,
    async [Symbol.asyncDispose]() {
      socket.end();
      if (!socket.closed) await once(socket, 'close');
    },
  };
}
