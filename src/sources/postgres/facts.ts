import type { QueryResultRow } from 'pg';
import { exact, expiring, type Facts } from '../../model/facts.ts';
import type { Connection } from './connection.ts';
import type { DumpedRelation } from './relations.ts';

const TABLES_PER_STATEMENT = 64;

/** `rows <schema>.<table>` of every table, exact at the snapshot of the session. */
export async function rowFacts(connection: Connection, relations: readonly DumpedRelation[]): Promise<Facts> {
  const tables = relations.filter((each) => each.kind === 'table');
  const facts: Record<string, ReturnType<typeof exact>> = {};
  for (const batch of batches(tables, TABLES_PER_STATEMENT)) {
    const counts = batch.map(
      ({ name, condition }, index) => `SELECT ${index} AS index, count(*) FROM ONLY ${name} ${condition}`,
    );
    const rows = await lockingNothing<{ index: number; count: string }>(connection, counts.join('\nUNION ALL\n'));
    for (const { index, count } of rows) facts[`rows ${batch[index]?.name}`] = exact(Number(count));
  }
  return facts;
}

/** The next value of one sequence. */
interface Position {
  readonly name: string;
  readonly next: number;
  readonly cycles: boolean;
}

/** Where every sequence stands now: no snapshot holds sequences still (PostgreSQL, "Sequence Manipulation Functions"). */
export async function sequencePositions(
  connection: Connection,
  relations: readonly DumpedRelation[],
): Promise<readonly Position[]> {
  const sequences = relations.filter((each) => each.kind === 'sequence');
  const positions: Position[] = [];
  for (const batch of batches(sequences, TABLES_PER_STATEMENT)) {
    const reads = batch.map(
      ({ name }, index) => `
        SELECT ${index} AS index, q.last_value::numeric + CASE WHEN q.is_called THEN s.seqincrement ELSE 0 END AS next,
               s.seqcycle AS cycles
          FROM ${name} q, pg_sequence s WHERE s.seqrelid = q.tableoid`,
    );
    const rows = await lockingNothing<{ index: number; next: string; cycles: boolean }>(
      connection,
      reads.join('\nUNION ALL\n'),
    );
    for (const { index, next, cycles } of rows)
      positions.push({ name: batch[index]?.name ?? '', next: Number(next), cycles });
  }
  return positions;
}

/** `sequence <schema>.<sequence>`, the value it gives next (beyond 2^53 rounded). */
export function sequenceFacts(before: readonly Position[], after = before): Facts {
  const later = new Map(after.map((each) => [each.name, each]));
  return Object.fromEntries(
    before.map((position) => [`sequence ${position.name}`, between(position, later.get(position.name) ?? position)]),
  );
}

/**
 * The dump holds some position between the two. Of a sequence that moved meanwhile, the fact is the largest that the
 * dump can hold, marked expiring.
 */
function between(before: Position, after: Position) {
  if (before.next === after.next) return exact(before.next);
  return expiring(before.cycles ? Number.MAX_SAFE_INTEGER : Math.max(before.next, after.next));
}

/**
 * A query in a transaction whose locks go with it: a count also locks every index, and a transaction that counts
 * thousands of tables would fill the server's table of locks where pg_dump does not.
 */
export async function lockingNothing<Row extends QueryResultRow>(connection: Connection, sql: string): Promise<Row[]> {
  await connection.query('SAVEPOINT batch');
  const rows = await connection.query<Row>(sql);
  await connection.query('ROLLBACK TO SAVEPOINT batch');
  return rows;
}

function* batches<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
