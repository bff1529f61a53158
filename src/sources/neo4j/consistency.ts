import { setTimeout as delay } from 'node:timers/promises';
import { BackupError } from '../../base/errors.ts';
import type { Graph } from './connection.ts';

/** What the bookmark of a fresh read transaction tells (found by observation, Neo4j 5.11 and 5.26). */
export interface Position {
  /** The database's own identity, hex: another one after it was made anew. */
  readonly database: string;
  /** The last transaction whose changes can all be seen. */
  readonly transaction: bigint;
}

/** Reads are read-committed: an export is of one moment only if the position is the same before and after it. */
export async function position(graph: Graph): Promise<Position> {
  return decodeBookmark(await graph.bookmark());
}

/**
 * The position after everything that was being committed has been. A transaction changes the store before it counts
 * as committed, so one that is at it now may have been seen in part; it is listed as closing.
 */
export async function settledPosition(graph: Graph): Promise<Position> {
  const closing = await closingTransactions(graph);
  while (closing.size > 0) {
    await delay(20);
    const still = await closingTransactions(graph);
    for (const id of closing) if (!still.has(id)) closing.delete(id);
  }
  return await position(graph);
}

async function closingTransactions(graph: Graph): Promise<Set<string>> {
  const rows = await graph.run(
    "SHOW TRANSACTIONS YIELD transactionId, status, currentQuery WHERE status STARTS WITH 'Closing' RETURN transactionId",
  );
  return new Set(rows.map((row) => row.get('transactionId') as string));
}

export function samePosition(one: Position, other: Position): boolean {
  return one.database === other.database && one.transaction === other.transaction;
}

/** `FB:` and base64 of: version and length, 16 bytes of the database's UUID, the transaction as a PackStream integer. */
export function decodeBookmark(bookmark: string): Position {
  const bytes = bookmark.startsWith('FB:') ? Buffer.from(bookmark.slice(3), 'base64') : Buffer.alloc(0);
  const transaction = bytes.length > UUID_END ? packedInteger(bytes.subarray(UUID_END)) : undefined;
  if (transaction === undefined)
    throw new BackupError(`neo4j: the server's bookmark "${bookmark}" is of an unknown kind`, {
      kind: 'failed',
      hint: 'this version of Neo4j is newer than this program knows; an update is needed',
    });
  return { database: bytes.toString('hex', UUID_START, UUID_END), transaction };
}

const UUID_START = 3;
const UUID_END = 19;

/** PackStream, "Integer": tiny in the marker itself, else 8 to 64 bits after it. */
function packedInteger(bytes: Buffer): bigint | undefined {
  const marker = bytes[0] ?? 0;
  if (marker < 0x80 || marker >= 0xf0) return BigInt(bytes.readInt8(0));
  const size = { 0xc8: 1, 0xc9: 2, 0xca: 4, 0xcb: 8 }[marker];
  if (size === undefined || bytes.length < size + 1) return undefined;
  return size === 8 ? bytes.readBigInt64BE(1) : BigInt(bytes.readIntBE(1, size));
}
