import type { Client } from 'pg';
import type { Fingerprint } from '../fingerprint.ts';

/**
 * Rows of every table, partition and materialized view, hashed in the server whatever their order: count and sums of
 * two 64-bit hashes of each row's text, which tells NULL from '', -0 from 0 and 1.0 from 1.00.
 */
export async function fingerprintRows(client: Client): Promise<Fingerprint> {
  const relations = await client.query<{ name: string; populated: boolean }>(`
    SELECT format('%I.%I', nspname, relname) AS name, relispopulated AS populated
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'm') AND nspname !~ '^(pg_|information_schema$)'`);
  const result: Fingerprint = {};
  for (const { name, populated } of relations.rows)
    result[`rows ${name}`] = populated ? await hashRows(client, name) : 'not populated';
  return result;
}

async function hashRows(client: Client, name: string): Promise<string> {
  const hashed = await client.query<{ count: string; first: string; second: string }>(`
    SELECT count(*), coalesce(sum(hashtextextended(line, 0)), 0) AS first,
           coalesce(sum(hashtextextended(line, 7)), 0) AS second
    FROM (SELECT t::text AS line FROM ONLY ${name} AS t OFFSET 0) AS lines`);
  const row = hashed.rows[0];
  return `${row?.count} rows ${row?.first} ${row?.second}`;
}

/** Where every sequence stands, those of identity columns included. */
export async function fingerprintSequences(client: Client): Promise<Fingerprint> {
  const sequences = await client.query<{ name: string }>(`
    SELECT format('%I.%I', nspname, relname) AS name FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind = 'S' AND nspname !~ '^(pg_|information_schema$)'`);
  const result: Fingerprint = {};
  for (const { name } of sequences.rows) {
    const state = await client.query<{ state: string }>(
      `SELECT last_value || CASE WHEN is_called THEN ' called' ELSE ' not called' END AS state FROM ${name}`,
    );
    result[`sequence ${name}`] = state.rows[0]?.state ?? '';
  }
  return result;
}

/** Large objects with owner and rights. Holes and zeros are the same: a hole reads as zeros. */
export async function fingerprintLargeObjects(client: Client): Promise<Fingerprint> {
  const objects = await client.query<{ name: string; value: string }>(`
    WITH trimmed AS (SELECT loid, pageno, rtrim(data, '\\x00') AS bytes, length(data) AS length FROM pg_largeobject),
    content AS (
      SELECT loid, max(pageno * 2048::bigint + length) AS size,
        sum(hashtextextended(pageno || ':' || encode(bytes, 'hex'), 0)) FILTER (WHERE bytes <> '') AS hash
      FROM trimmed GROUP BY loid)
    SELECT 'large object ' || m.oid AS name,
      concat_ws(' ', coalesce(size, 0) || ' bytes', coalesce(hash, 0), pg_get_userbyid(lomowner),
        (SELECT string_agg(a, ',' ORDER BY a) FROM unnest(coalesce(lomacl, acldefault('L', lomowner))::text[]) a),
        obj_description(m.oid, 'pg_largeobject')) AS value
    FROM pg_largeobject_metadata m LEFT JOIN content ON loid = m.oid`);
  return Object.fromEntries(objects.rows.map(({ name, value }) => [name, value]));
}
